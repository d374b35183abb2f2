export { aesExpand } from "../../../assembly/aes/expand";
export { nibbleKeys } from "../../../assembly/aes/nibbles";
export { aesPlanes } from "../../../assembly/aes/planes";
export { cbcEncrypt } from "../../../assembly/aes/cbc-encrypt";
export { drawIv } from "../../../assembly/esp/cbc";
export { ccmOpen, ccmSeal } from "../../../assembly/ccm/ccm";
export { cmacTags } from "../../../assembly/cmac/tags";
export { macKeys } from "../../../assembly/cmac/keys";
