export { aesDecrypt } from "../../../assembly/aes/decrypt";
export { aesEncrypt } from "../../../assembly/aes/encrypt";
export { aesExpand } from "../../../assembly/aes/expand";
export { aesInversePlanes, aesPlanes, aesPlanesLane } from "../../../assembly/aes/planes";
export { cbcDecrypt } from "../../../assembly/aes/cbc-decrypt";
export { ctrApply } from "../../../assembly/aes/ctr";
export { encryptThrees, nibbleKeys } from "../../../assembly/aes/nibbles";
