/* The native limit: Intel's multi-buffer library (Debian: libipsec-mb-dev) on the same ESP packets.
 *
 *   ipsec-mb SUITE DIRECTION KEY SALT INTEGRITY_KEY LENGTH,LENGTH,...     keys in hex
 *
 * then on stdin   seal SEQUENCE IV PACKET   ->  the datagram in hex
 *                 open DATAGRAM             ->  the packet in hex, or "forged"
 *                 turn MILLISECONDS         ->  nanoseconds a packet, every length once a run
 */
#include <intel-ipsec-mb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SPI 0x1001
#define ROOM 16384
#define MOST 256

static IMB_MGR *manager;
static int is_gcm, is_chacha, sha_length, iv_length, icv_length, alignment;
static uint8_t key[32], salt[4];
static size_t key_length;
static struct gcm_key_data gcm_key __attribute__((aligned(64)));
static uint32_t encrypt_keys[60] __attribute__((aligned(16))), decrypt_keys[60] __attribute__((aligned(16)));
static uint8_t inner_state[64] __attribute__((aligned(16))), outer_state[64] __attribute__((aligned(16)));
static uint8_t nonces[MOST][12];

static size_t from_hex(const char *text, uint8_t *bytes) {
  size_t length = strlen(text) / 2;
  for (size_t i = 0; i < length; i++) {
    unsigned value;
    sscanf(text + 2 * i, "%2x", &value);
    bytes[i] = (uint8_t)value;
  }
  return length;
}

static void print_hex(const uint8_t *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) printf("%02x", bytes[i]);
  printf("\n");
  fflush(stdout);
}

/* RFC 2104: the states behind the two padded keys. */
static void hmac_states(const uint8_t *secret, size_t length) {
  uint8_t block[64];
  for (int outer = 0; outer < 2; outer++) {
    memset(block, outer ? 0x5c : 0x36, sizeof block);
    for (size_t i = 0; i < length; i++) block[i] ^= secret[i];
    uint8_t *state = outer ? outer_state : inner_state;
    if (sha_length == 20) IMB_SHA1_ONE_BLOCK(manager, block, state);
    else IMB_SHA256_ONE_BLOCK(manager, block, state);
  }
}

static void set_up(const char *suite, const char *key_hex, const char *salt_hex, const char *integrity_hex) {
  uint8_t integrity[64];
  manager = alloc_mb_mgr(0);
  init_mb_mgr_auto(manager, NULL);
  is_gcm = strncmp(suite, "aes-gcm", 7) == 0;
  is_chacha = strncmp(suite, "chacha", 6) == 0;
  sha_length = is_gcm || is_chacha ? 0 : strstr(suite, "sha256") ? 32 : 20;
  iv_length = sha_length ? 16 : 8;
  icv_length = sha_length == 20 ? 12 : 16;
  alignment = sha_length ? 16 : 4;
  key_length = from_hex(key_hex, key);
  from_hex(salt_hex, salt);
  if (is_gcm && key_length == 16) IMB_AES128_GCM_PRE(manager, key, &gcm_key);
  if (is_gcm && key_length == 32) IMB_AES256_GCM_PRE(manager, key, &gcm_key);
  if (sha_length) {
    IMB_AES_KEYEXP_128(manager, key, encrypt_keys, decrypt_keys);
    hmac_states(integrity, from_hex(integrity_hex, integrity));
  }
}

/* The job of one datagram: text of `length` bytes behind head and IV, in `source`, to `target`. */
static void submit(int seal, const uint8_t *source, uint8_t *target, size_t length, uint8_t *tag, uint8_t *nonce) {
  const int start = 8 + iv_length;
  IMB_JOB *job = IMB_GET_NEXT_JOB(manager);
  job->cipher_direction = seal ? IMB_DIR_ENCRYPT : IMB_DIR_DECRYPT;
  job->chain_order = seal ? IMB_ORDER_CIPHER_HASH : IMB_ORDER_HASH_CIPHER;
  job->src = source;
  job->dst = target;
  job->cipher_start_src_offset_in_bytes = start;
  job->msg_len_to_cipher_in_bytes = length;
  job->hash_start_src_offset_in_bytes = sha_length ? 0 : start;
  job->msg_len_to_hash_in_bytes = sha_length ? start + length : length;
  job->auth_tag_output = tag;
  job->auth_tag_output_len_in_bytes = icv_length;
  job->key_len_in_bytes = key_length;
  if (sha_length) {
    job->iv = source + 8;
    job->iv_len_in_bytes = 16;
    job->cipher_mode = IMB_CIPHER_CBC;
    job->enc_keys = encrypt_keys;
    job->dec_keys = decrypt_keys;
    job->hash_alg = sha_length == 20 ? IMB_AUTH_HMAC_SHA_1 : IMB_AUTH_HMAC_SHA_256;
    job->u.HMAC._hashed_auth_key_xor_ipad = inner_state;
    job->u.HMAC._hashed_auth_key_xor_opad = outer_state;
  } else {
    memcpy(nonce, salt, 4);
    memcpy(nonce + 4, source + 8, 8);
    job->iv = nonce;
    job->iv_len_in_bytes = 12;
    job->enc_keys = job->dec_keys = is_gcm ? (const void *)&gcm_key : key;
    job->cipher_mode = is_gcm ? IMB_CIPHER_GCM : IMB_CIPHER_CHACHA20_POLY1305;
    job->hash_alg = is_gcm ? IMB_AUTH_AES_GMAC : IMB_AUTH_CHACHA20_POLY1305;
    if (is_gcm) {
      job->u.GCM.aad = source;
      job->u.GCM.aad_len_in_bytes = 8;
    } else {
      job->u.CHACHA20_POLY1305.aad = source;
      job->u.CHACHA20_POLY1305.aad_len_in_bytes = 8;
    }
  }
  IMB_SUBMIT_JOB(manager);
}

static void flush(void) {
  while (IMB_FLUSH_JOB(manager)) continue;
}

static void put_32(uint8_t *at, uint32_t value) {
  for (int i = 0; i < 4; i++) at[i] = (uint8_t)(value >> (24 - 8 * i));
}

/* Head, IV, text and trailer into `target`, and its job; answers the datagram's length. */
static size_t stage_seal(const uint8_t *packet, size_t length, uint32_t sequence, const uint8_t *iv, uint8_t *target,
                         uint8_t *nonce) {
  const int start = 8 + iv_length;
  const size_t text = (length + 2 + alignment - 1) / alignment * alignment;
  const size_t padding = text - length - 2;
  put_32(target, SPI);
  put_32(target + 4, sequence);
  memcpy(target + 8, iv, iv_length);
  memcpy(target + start, packet, length);
  for (size_t i = 0; i < padding; i++) target[start + length + i] = (uint8_t)(i + 1);
  target[start + text - 2] = (uint8_t)padding;
  target[start + text - 1] = 4;
  submit(1, target, target + start, text, target + start + text, nonce);
  return start + text + icv_length;
}

/* Length of the packet behind an opened datagram's text, 0 where ICV, padding or next header are wrong. */
static size_t finish_open(const uint8_t *datagram, size_t length, const uint8_t *opened, const uint8_t *tag) {
  const size_t text = length - 8 - iv_length - icv_length;
  uint8_t difference = 0;
  for (int i = 0; i < icv_length; i++) difference |= tag[i] ^ datagram[length - icv_length + i];
  const size_t padding = opened[text - 2];
  if (difference || opened[text - 1] != 4 || padding + 2 > text) return 0;
  for (size_t i = 0; i < padding; i++)
    if (opened[text - 2 - padding + i] != i + 1) return 0;
  return text - 2 - padding;
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e9 + time.tv_nsec;
}

static uint8_t packets[MOST][ROOM], datagrams[MOST][ROOM], opened[MOST][ROOM], tags[MOST][32];
static size_t lengths[MOST], sealed[MOST];
static int count;
static uint32_t sequence;

static void seal_all(void) {
  static const uint8_t iv[16] = {1};
  for (int i = 0; i < count; i++)
    sealed[i] = stage_seal(packets[i], lengths[i], ++sequence, iv, datagrams[i], nonces[i]);
  flush();
}

static size_t open_all(void) {
  size_t bytes = 0;
  for (int i = 0; i < count; i++)
    submit(0, datagrams[i], opened[i], sealed[i] - 8 - iv_length - icv_length, tags[i], nonces[i]);
  flush();
  for (int i = 0; i < count; i++) bytes += finish_open(datagrams[i], sealed[i], opened[i], tags[i]);
  return bytes;
}

static double turn(int seal, double milliseconds) {
  const double started = now();
  double elapsed = 0;
  long done = 0;
  if (!seal) seal_all();
  while (elapsed < milliseconds * 1e6) {
    if (seal) seal_all();
    else if (open_all() == 0) exit(1);
    done += count;
    elapsed = now() - started;
  }
  return elapsed / done;
}

int main(int argc, char **argv) {
  static char line[8 * ROOM], first[4 * ROOM], second[64], third[64];
  if (argc != 7) return 2;
  set_up(argv[1], argv[3], argv[4], argv[5]);
  const int seal = strcmp(argv[2], "encrypt") == 0;
  for (char *part = strtok(argv[6], ","); part && count < MOST; part = strtok(NULL, ",")) {
    lengths[count] = (size_t)atoi(part);
    memset(packets[count], 0x45, lengths[count]);
    count++;
  }
  while (fgets(line, sizeof line, stdin)) {
    if (sscanf(line, "seal %63s %63s %65535s", second, third, first) == 3) {
      uint8_t iv[16];
      from_hex(third, iv);
      const size_t length = from_hex(first, opened[0]);
      const size_t end = stage_seal(opened[0], length, (uint32_t)strtoul(second, NULL, 10), iv, datagrams[0], nonces[0]);
      flush();
      print_hex(datagrams[0], end);
    } else if (sscanf(line, "open %65535s", first) == 1) {
      const size_t length = from_hex(first, datagrams[0]);
      submit(0, datagrams[0], opened[0], length - 8 - iv_length - icv_length, tags[0], nonces[0]);
      flush();
      const size_t inner = finish_open(datagrams[0], length, opened[0], tags[0]);
      if (inner == 0) printf("forged\n");
      else print_hex(opened[0], inner);
      fflush(stdout);
    } else if (sscanf(line, "turn %63s", second) == 1) {
      printf("%f\n", turn(seal, atof(second)));
      fflush(stdout);
    }
  }
  return 0;
}
