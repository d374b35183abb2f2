// libsodium compiled to WebAssembly: ChaCha20-Poly1305 is the only suite of ESP it has.
import sodium from "libsodium-wrappers";
import { aeadEsp } from "./aead-esp.mjs";

export const name = "libsodium.js";

export const supports = ({ encryption }) => encryption === "chacha20-poly1305";

export async function prepare(suite, { key, salt }) {
  await sodium.ready;
  return aeadEsp(suite, salt, (nonce, aad) => ({
    encrypt: (text) => sodium.crypto_aead_chacha20poly1305_ietf_encrypt(text, aad, null, nonce, key),
    decrypt: (sealed) => sodium.crypto_aead_chacha20poly1305_ietf_decrypt(null, sealed, aad, nonce, key),
  }));
}
