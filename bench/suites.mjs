// The suites by name, with the sizes their RFCs state. The first five are what the goals speak of.

const aead = (name, encryption, keyLength, icvLength, saltLength = 4) => ({
  name,
  encryption,
  keyLength,
  saltLength,
  ivLength: 8,
  alignment: 4,
  icvLength,
  integrityKeyLength: 0,
});

const separate = (name, encryption, keyLength, integrity, integrityKeyLength, icvLength) => ({
  name,
  encryption,
  keyLength,
  saltLength: encryption === "aes-ctr" ? 4 : 0,
  ivLength: { "aes-cbc": 16, "aes-ctr": 8, null: 0 }[encryption],
  alignment: encryption === "aes-cbc" ? 16 : 4,
  icvLength,
  integrity,
  integrityKeyLength,
});

export const MAIN_SUITES = [
  aead("aes-gcm-128", "aes-gcm-16", 16, 16),
  aead("aes-gcm-256", "aes-gcm-16", 32, 16),
  aead("chacha20-poly1305", "chacha20-poly1305", 32, 16),
  separate("aes-cbc-128+sha256", "aes-cbc", 16, "hmac-sha2-256-128", 32, 16),
  separate("aes-cbc-128+sha1", "aes-cbc", 16, "hmac-sha1-96", 20, 12),
];

export const ALL_SUITES = [
  ...MAIN_SUITES,
  aead("aes-gcm-192", "aes-gcm-16", 24, 16),
  aead("aes-gcm-128-icv8", "aes-gcm-8", 16, 8),
  aead("aes-ccm-128", "aes-ccm-16", 16, 16, 3),
  aead("aes-ccm-256", "aes-ccm-16", 32, 16, 3),
  aead("aes-gmac-128", "aes-gmac", 16, 16),
  separate("aes-cbc-256+sha256", "aes-cbc", 32, "hmac-sha2-256-128", 32, 16),
  separate("aes-cbc-256+sha384", "aes-cbc", 32, "hmac-sha2-384-192", 48, 24),
  separate("aes-cbc-256+sha512", "aes-cbc", 32, "hmac-sha2-512-256", 64, 32),
  separate("aes-cbc-128+xcbc", "aes-cbc", 16, "aes-xcbc-96", 16, 12),
  separate("aes-cbc-128+cmac", "aes-cbc", 16, "aes-cmac-96", 16, 12),
  separate("aes-ctr-128+sha256", "aes-ctr", 16, "hmac-sha2-256-128", 32, 16),
  separate("null+sha256", "null", 0, "hmac-sha2-256-128", 32, 16),
];

/** Fresh keys. `encryption` is as SaConfig wants it: the salt behind the key. */
export function drawKeys(suite) {
  const encryption = crypto.getRandomValues(new Uint8Array(suite.keyLength + suite.saltLength));
  return {
    encryption,
    key: encryption.subarray(0, suite.keyLength),
    salt: encryption.subarray(suite.keyLength),
    integrity: crypto.getRandomValues(new Uint8Array(suite.integrityKeyLength)),
  };
}
