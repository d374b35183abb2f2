export { chachaOpen, chachaSeal } from "../../../assembly/chacha/aead";
export { chachaBlocks } from "../../../assembly/chacha/chacha20";
export { polyBlocks, polyFinish, polyStart } from "../../../assembly/chacha/poly1305";
