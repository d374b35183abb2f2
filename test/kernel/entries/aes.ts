export { aesDecrypt } from "../../../assembly/aes/decrypt";
export { aesEncrypt } from "../../../assembly/aes/encrypt";
export { aesExpand } from "../../../assembly/aes/expand";
export { aesInversePlanes, aesPlanes, aesPlanesLane } from "../../../assembly/aes/planes";
