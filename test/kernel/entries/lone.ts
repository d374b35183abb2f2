export { aesExpand } from "../../../assembly/aes/expand";
export { aesPlanes } from "../../../assembly/aes/planes";
export { cbcEncrypt } from "../../../assembly/aes/cbc-encrypt";
export { isLone, loneSeal } from "../../../assembly/esp/lone";
export { hmacTags } from "../../../assembly/hmac/hmac";
export { hmacInstall } from "../../../assembly/hmac/install";
