// The relations between the numbers of layout.ts, checked by the compiler: ERROR stops the build.
import {
  AES_CHAIN_KEYS,
  AES_CHAINS,
  AES_FIRST_ROUND,
  AES_KEY_WORK,
  AES_LANE_PLANES,
  AES_POOL,
  AES_POOL_END,
  AES_STARTS,
  AES_STARTS_END,
  AES_STRETCHES,
  AES_STRETCHES_END,
  C_HOT_BEGUN,
  C_HOT_WINDOW,
  C_IV_KEY,
  C_IV_POOL,
  CHACHA_WORK,
  COUNTS,
  D_OUTER,
  D_OUTER_GENERATION,
  D_OUTER_SEQUENCE,
  CUT_WORK,
  D_SIZE_OF,
  DES_BLOCKS,
  DES_BOXES,
  DES_HALVES,
  DES_KEYS,
  DES_LANES,
  DES_WORK,
  DES_WORK_END,
  D_TAG,
  D_TARGET,
  GCM_WORK,
  HOT_DES_KEYS,
  HOT_FILLED,
  HOT_GHASH,
  HOT_HASHED,
  HOT_HAS_NIBBLE_KEYS,
  HMAC_OUTER_WORK,
  HMAC_WORK,
  ONE_KEYS,
  ONE_WORDS,
  ONE_WORK,
  ONE_WORK_END,
  SHA_WORK,
  HOT_INVERSE_PLANES,
  HOT_LENGTHS,
  HOT_MAC_END,
  HOT_MAC_KEYS,
  HOT_MAC_SUBKEYS,
  HOT_NIBBLE_KEYS,
  HOT_PLANES,
  HOT_SIZE,
  HOT_STEP_PLANES,
  HOT_STEP_PLANES_COUNT,
  HOT_STEP_PLANES_END,
  HOT_STEP_PLANES_OF,
  HOT_STEPS,
  HOT_STEPS_COUNT,
  HOT_STEPS_END,
  HOT_STEPS_MET,
  HOT_STEPS_OF,
  HOT_WORK,
  JUMBO_DATA,
  JUMBO_SIZE,
  MAX_OUTERS,
  REGIONS,
  R_COVERED,
  R_DATA,
  R_HEADER,
  R_SIZE,
  R_STARTS,
  REQUEST,
  REQUEST_KEYS,
  REQUEST_SEQUENCE,
  SA_INNER_STATE,
  SA_ROUND_KEYS,
  SA_SEQUENCE,
  SA_SIZE,
  SCRATCH,
  SCRATCH_END,
  SLOT_DATA,
  SLOT_HEADROOM,
  SLOT_SIZE,
  SLOT_TAILROOM,
  WHOLE_POOL_END,
} from "./layout";

if (SA_ROUND_KEYS + 15 * 16 != SA_SIZE) ERROR("an SA record ends with its AES-256 round keys");
if (SA_SIZE > 512) ERROR("a cold SA record is at most 512 bytes");
if (HOT_LENGTHS + 32 > HOT_NIBBLE_KEYS || HOT_NIBBLE_KEYS + 15 * 16 > HOT_PLANES)
  ERROR("the nibble keys overrun the planes");
if (HOT_PLANES + 15 * 128 > HOT_GHASH || HOT_GHASH + 7 * 512 > HOT_STEPS)
  ERROR("the GHASH powers overrun the hot entry");
if (HOT_GHASH + 512 + 2 * 13 * 192 > HOT_SIZE) ERROR("what laterThrees brings near is of one hot entry");
if (HOT_INVERSE_PLANES < HOT_GHASH || HOT_INVERSE_PLANES + 15 * 128 > HOT_MAC_KEYS)
  ERROR("two sets of planes keep apart");
if (HOT_STEPS + 2048 != HOT_STEPS_END || HOT_STEPS_END > HOT_STEP_PLANES)
  ERROR("the counter steps overrun their planes");
if (HOT_STEP_PLANES + 12 * 128 != HOT_STEP_PLANES_END || HOT_STEP_PLANES_END > HOT_SIZE)
  ERROR("the planes of counter steps overrun the hot entry");
if (HOT_HAS_NIBBLE_KEYS + 4 > HOT_HASHED || HOT_HASHED + 4 > HOT_STEPS_OF || HOT_STEPS_OF + 4 > HOT_STEPS_COUNT)
  ERROR("the words of a hot entry keep apart");
if (HOT_STEPS_COUNT + 4 > HOT_STEPS_MET || HOT_STEPS_MET + 4 > HOT_FILLED) ERROR("so do those of the counter steps");
if (HOT_FILLED + 4 > HOT_STEP_PLANES_OF || HOT_STEP_PLANES_OF + 4 > HOT_STEP_PLANES_COUNT)
  ERROR("and those of their planes");
if (HOT_STEP_PLANES_COUNT + 4 > HOT_LENGTHS) ERROR("the words of a hot entry end before its keys");
if (HOT_MAC_KEYS + 176 > HOT_MAC_SUBKEYS || HOT_MAC_SUBKEYS + 32 != HOT_MAC_END || HOT_MAC_END > HOT_SIZE)
  ERROR("the MAC keys overrun the hot entry");
if (D_TARGET + 16 != D_OUTER) ERROR("the bundle follows the inner target address");
if (D_OUTER + 4 * MAX_OUTERS != D_OUTER_GENERATION) ERROR("a generation for every outer SA");
if (D_OUTER_GENERATION + 4 * MAX_OUTERS != D_OUTER_SEQUENCE || D_OUTER_SEQUENCE % 8 != 0) ERROR("numbers are aligned");
if (D_OUTER_SEQUENCE + 8 * MAX_OUTERS != D_SIZE_OF) ERROR("a descriptor ends with the numbers of the outer SAs");
if (D_TAG % 16 != 0 || D_SIZE_OF % 16 != 0) ERROR("tags are 16-byte aligned");
if (SLOT_HEADROOM + SLOT_DATA + SLOT_TAILROOM != SLOT_SIZE) ERROR("a slot is headroom, data, tailroom");
if (SLOT_SIZE % 16 != 0 || JUMBO_SIZE % 16 != 0) ERROR("slots are 16-byte aligned");
if (SLOT_HEADROOM + JUMBO_DATA + SLOT_TAILROOM != JUMBO_SIZE) ERROR("a jumbo slot is headroom, data, tailroom");
if (AES_POOL + 2048 != AES_POOL_END || AES_POOL_END > WHOLE_POOL_END) ERROR("the AES pool is 2 KiB");
if (WHOLE_POOL_END > AES_FIRST_ROUND || AES_FIRST_ROUND + 256 > AES_STRETCHES)
  ERROR("the pool of whole packets, the first round and the stretches keep apart");
if (COUNTS + 1024 > AES_STARTS || AES_STARTS_END > AES_POOL) ERROR("the counter starts overrun the AES pool");
if (AES_LANE_PLANES + 4 * 15 * 128 > SCRATCH_END) ERROR("the lane planes overrun the scratch");
if (AES_STRETCHES_END > AES_KEY_WORK) ERROR("the pool's stretches overrun the key expansion");
if ((AES_STRETCHES_END - AES_STRETCHES) % 8 != 0) ERROR("a stretch is two words");
if (AES_KEY_WORK + 512 > HOT_WORK || HOT_WORK + 128 > GCM_WORK) ERROR("key expansion and hot filling keep apart");
if (DES_WORK < CHACHA_WORK || DES_WORK_END > HMAC_WORK) ERROR("DES works in the place of ChaCha20 and SHA");
if (DES_KEYS != DES_WORK || DES_KEYS + 48 * 128 > DES_BLOCKS) ERROR("the DES round keys overrun the blocks");
if (DES_BLOCKS + 128 > DES_HALVES || DES_HALVES + 384 > DES_BOXES) ERROR("the DES blocks and halves keep apart");
if (DES_BOXES + 256 > DES_LANES || DES_LANES + 128 > DES_WORK_END) ERROR("the DES lanes end DES_WORK");
if (HOT_DES_KEYS + 48 * 8 > HOT_MAC_KEYS) ERROR("the DES round keys overrun the MAC keys");
if (HMAC_WORK + 192 + 4 * 256 > HMAC_OUTER_WORK || HMAC_OUTER_WORK + 144 > AES_CHAINS)
  ERROR("the digests that wait keep apart from the padded tails");
if (SHA_WORK + 80 * 16 > ONE_WORK || ONE_WORK + 64 + 32 + 64 + 256 > ONE_KEYS || ONE_KEYS + 15 * 16 > ONE_WORDS)
  ERROR("the message schedule of lanes, and what one message alone needs, keep apart");
if (ONE_WORDS + 512 > ONE_WORK_END || ONE_WORK_END > HMAC_WORK) ERROR("the schedule of one message ends its work");
if (AES_CHAINS + 32 * 96 > CUT_WORK || CUT_WORK + 64 > AES_CHAIN_KEYS || AES_CHAIN_KEYS + 15 * 16 > AES_LANE_PLANES)
  ERROR("chains, keys of a chain and lane planes keep apart");
if (C_IV_KEY + 32 > C_IV_POOL || C_IV_POOL + 192 > C_HOT_WINDOW) ERROR("the IV pool overruns what is behind it");
if (C_HOT_WINDOW + 4 > C_HOT_BEGUN || C_HOT_BEGUN + 4 > REQUEST) ERROR("CONTROL words overrun the install request");
if (REQUEST + 512 > SCRATCH || SCRATCH_END != REGIONS) ERROR("CONTROL, SCRATCH and the regions do not overlap");
if (REQUEST + SA_INNER_STATE != REQUEST_KEYS) ERROR("a request is the head of a record, then the keys");
if (REQUEST + SA_SEQUENCE != REQUEST_SEQUENCE) ERROR("REQUEST_SEQUENCE is the request's SA_SEQUENCE");
if (R_COVERED + 1024 != R_STARTS || R_STARTS + 1024 != R_HEADER) ERROR("a bit for every 8 of 65,536 bytes");
if (R_DATA + 65536 != R_SIZE || R_SIZE % 16 != 0) ERROR("a reassembly ends with its data");
