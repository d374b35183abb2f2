export { desExpand } from "../../../assembly/legacy/des-keys";
export { desCbcDecrypt, desCbcEncrypt } from "../../../assembly/legacy/des-cbc";
export { desRun } from "../../../assembly/legacy/des";
export { drawIv } from "../../../assembly/esp/cbc";
