export { hmacTags } from "../../../assembly/hmac/hmac";
export { hmacInstall } from "../../../assembly/hmac/install";
