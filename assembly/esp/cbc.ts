// What CBC asks of ESP, whatever the cipher: whole blocks, and an IV nobody can foresee.
import { ENC_3DES, ENC_CBC, ENC_DES, SA_ENCRYPTION } from "../layout";

export function isCbc(sa: usize): bool {
  const encryption = load<u8>(sa, SA_ENCRYPTION);
  return encryption == ENC_CBC || (LEGACY && (encryption == ENC_DES || encryption == ENC_3DES));
}
