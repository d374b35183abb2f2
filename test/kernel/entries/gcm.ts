export { gcmOpen, gcmSeal } from "../../../assembly/gcm/gcm";
export { gmacOpen, gmacSeal } from "../../../assembly/gcm/gmac";
export { ghashKey } from "../../../assembly/gcm/powers";
export { aesExpand } from "../../../assembly/aes/expand";
export { aesPlanes } from "../../../assembly/aes/planes";
