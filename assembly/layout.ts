// The map of memory. Read by asc (untyped integers become i32 constants) and by tsc, so that no offset is
// stated twice. layout-check.ts stops the build when a relation below no longer holds.
//
//   0x00000  never used: a null address faults nothing, so nothing lives here
//   0x00400  STATIC    constant tables, placed by the compiler
//   0x05000  CONTROL   bases of the regions below, engine counters, install request
//   0x06000  SCRATCH   working memory of the rooms; zero between two kernel calls
//   0x10000  the regions, sized once by planMemory(limits) in src/wasm/memory.ts:
//            SPI table | SA records | windows | hot cache | descriptors | slots | jumbo slots | workshop | reassemblies

export const STATIC = 0x400;
export const STATIC_END = 0x5000;

// ---------------------------------------------------------------- CONTROL
export const CONTROL = 0x5000;
export const C_SPI_TABLE = 0x5000; // u32 address of the SPI table
export const C_SPI_MASK = 0x5004; // u32 number of SPI entries - 1, a power of two less one
export const C_SPI_SEED = 0x5008; // u32 seed of the SPI hash, from `random`
export const C_RECORDS = 0x500c; // u32 address of SA record 0
export const C_RECORD_COUNT = 0x5010; // u32
export const C_HOT = 0x5014; // u32 address of hot entry 0
export const C_HOT_COUNT = 0x5018; // u32
export const C_HOT_HAND = 0x501c; // u32 where in their window the next eviction begins to look
export const C_NEXT_ID = 0x5020; // u32 next IPv4 identification, RFC 6864
export const C_IV_LEFT = 0x5024; // u32 bytes left in the pool of CBC IVs
export const C_IV_BLOCKS = 0x5028; // u64 blocks of key stream made for it so far
export const C_IV_KEY = 0x5030; // 32 bytes: their key, from `random`
export const C_IV_POOL = 0x5050; // 192 bytes: IVs for the next packets, each wiped as it is drawn
export const C_HOT_WINDOW = 0x5110; // u32 index of the first entry of the window of evictions
export const C_HOT_BEGUN = 0x5114; // u32 entries that were ever used
export const REQUEST = 0x5800; // install request of sad.ts, 512 bytes, wiped after use: an SA record up to
export const REQUEST_KEYS = 0x5890; // SA_INNER_STATE, then these: u32 encryption key length (salt excluded),
export const REQUEST_ENCRYPTION_KEY = 0x5898; // u32 integrity key length, 32 bytes of one key,
export const REQUEST_INTEGRITY_KEY = 0x58b8; // 64 bytes of the other
export const REQUEST_SEQUENCE = 0x5818; // u64: SA_SEQUENCE of the request

// ---------------------------------------------------------------- SCRATCH
export const SCRATCH = 0x6000;
export const ORDER = 0x6000; // u32[MAX_BATCH] descriptor addresses, grouped
export const ORDER_WORK = 0x6400; // u32[MAX_BATCH] the same, while grouping and for a room's own lists
export const COUNTS = 0x6800; // u32[256] counting sort
export const AES_STARTS = 0x6c00; // 1 KiB: 64 blocks: where packets' counter blocks begin, see aes/counter-start.ts
export const AES_STARTS_END = 0x7000;
export const AES_POOL = 0x7000; // 2 KiB: 128 AES blocks
export const AES_POOL_END = 0x7800;
export const WHOLE_POOL_END = 0x7c00; // 1 KiB more for packets that go whole
export const AES_FIRST_ROUND = 0x7c00; // 256 bytes: what counters differ in, see aes/first-round.ts
export const AES_STRETCHES = 0x8000; // 512 bytes: the stretches of text in the pool: u32 address, u32 bytes of each
export const AES_STRETCHES_END = 0x8200;
export const AES_KEY_WORK = 0x8400; // 512 bytes: key expansion
export const HOT_WORK = 0x8600; // 128 bytes: one group of blocks while a hot entry is filled, in the middle of other work
export const GCM_WORK = 0x8800; // 2 KiB
export const CCM_WORK = 0x9000; // 2 KiB
export const CHACHA_WORK = 0x9800; // 6 KiB
export const SHA_WORK = 0xb000; // 4 KiB: message schedules, lane states
export const ONE_WORK = 0xb500; // 1216 bytes of it: one message alone, and the text that is encrypted beside its hash
export const ONE_KEYS = 0xb6c0; // 240 bytes: the round keys of that
export const ONE_WORDS = 0xb7c0; // 512 bytes: message schedule
export const ONE_WORK_END = 0xb9c0;
export const HMAC_WORK = 0xc000; // 3 KiB: lanes and their padded tails
export const HMAC_OUTER_WORK = 0xcc00; // 144 bytes: the digests that wait for the outer hash
export const AES_CHAINS = 0xd000; // 3 KiB: the chains of aes/chain.ts
export const CUT_WORK = 0xdc00; // 64 bytes: an IPv4 header of fragment.ts
export const AES_CHAIN_KEYS = 0xdc40; // 240 bytes: the round keys of one chain of few
export const AES_LANE_PLANES = 0xe000; // 4 * 15 * 128 bytes: round keys packed a lane at a time
export const DES_WORK = 0xa000; // legacy build: 7 KiB, in the place of ChaCha20, SHA and HMAC, which do not run then
export const DES_KEYS = 0xa000; // 48 * 128 bytes: round keys, a lane at a time
export const DES_BLOCKS = 0xb800; // 128 bytes
export const DES_HALVES = 0xb880; // 384 bytes: L, R, and L again
export const DES_BOXES = 0xba00; // 256 bytes: what the S-boxes answer, and that permuted
export const DES_LANES = 0xbb00; // 128 bytes
export const DES_WORK_END = 0xbb80;
export const SCRATCH_END = 0x10000;
export const REGIONS = 0x10000;

// ---------------------------------------------------------------- SPI table
// Open addressing, linear probing, load <= 0.5. An entry is the SPI and the record's index + 1; 0 is empty.
export const SPI_ENTRY_SIZE = 8;

// ---------------------------------------------------------------- SA record (cold)
export const SA_SIZE = 512;
export const SA_STATE = 0; // u8: SA_FREE | SA_LIVE | SA_EXPIRED
export const SA_DIRECTION = 1; // u8: 0 out | 1 in
export const SA_MODE = 2; // u8: 0 tunnel | 1 transport
export const SA_FLAGS = 3; // u8: FLAG_*
export const SA_ENCRYPTION = 4; // u8: ENC_*
export const SA_INTEGRITY = 5; // u8: INT_*
export const SA_ROUNDS = 6; // u8: AES rounds 10 | 12 | 14; 0 without AES
export const SA_IV_LENGTH = 7; // u8: 0 | 8 | 16 bytes on the wire; in AH they stand in front of the ICV
export const SA_ICV_LENGTH = 8; // u8: bytes on the wire
export const SA_ALIGNMENT = 9; // u8: the text is padded to a multiple of this: 4 | 16
export const SA_SALT_LENGTH = 10; // u8: 0 | 3 (CCM) | 4
export const SA_PROTOCOL = 11; // u8: PROTOCOL_ESP | PROTOCOL_AH
export const SA_GENERATION = 12; // u32: compared with the handle's
export const SA_SPI = 16; // u32, host order
export const SA_HOT = 20; // u32: address of the hot entry, 0 if none
export const SA_SEQUENCE = 24; // u64: last number sent (out), highest accepted (in)
export const SA_WINDOW_BITS = 32; // u32: 0 = window off, else 64..4096
export const SA_WINDOW_MASK = 36; // u32: ring words - 1; the ring has a power of two words, at least bits / 64
export const SA_WINDOW = 40; // u32: address of the ring (inline or in the window region)
export const SA_SALT = 44; // 4 bytes as keyed, RFC 4106 section 4, RFC 3686 section 4
export const SA_INLINE_WINDOW = 48; // u64[2]: the ring of a window of up to 128 numbers
export const SA_OUTER = 64; // u8: 0 none (carrier udp, or transport mode) | 4 | 6
export const SA_TEMPLATE_LENGTH = 65; // u8: bytes in front of the ESP header
export const SA_UDP = 66; // u8: offset of the UDP header in the template, NO_UDP without
export const NO_UDP = 0xff;
export const SA_DF = 67; // u8: DF_COPY | DF_SET | DF_CLEAR
export const SA_DSCP = 68; // u8: 0..63, or DSCP_COPY = as in the inner header (RFC 4301 section 5.1.2.1)
export const DSCP_COPY = 0xff;
export const SA_THROUGH = 72; // u32: in, of a bundle: the record of the SA its packets come out of; 0 = they come as they are
export const SA_THROUGH_GENERATION = 76; // u32: that one's generation
export const SA_ORIGINAL = 70; // u16, big endian: the folded sum of the original addresses, RFC 3948 section 3.1.2
export const SA_TEMPLATE = 80; // 56 bytes: outer IPv4 (20) or IPv6 (40), UDP (8), non-IKE marker (8)
export const SA_TEMPLATE_MAX = 56;
export const SA_INNER_STATE = 144; // 64 bytes: HMAC state after the inner pad. XCBC and CMAC: the 16-byte key
export const SA_OUTER_STATE = 208; // 64 bytes: HMAC state after the outer pad
export const SA_HASH_POWERS = 144; // GCM, GMAC: 7 * 16 bytes: H .. H^7 of GHASH
export const SA_ROUND_KEYS = 272; // 240 bytes: AES round keys as FIPS 197 section 5.2 orders them. ChaCha20, DES: the key itself

export const PROTOCOL_ESP = 50;
export const PROTOCOL_AH = 51;
export const SA_FREE = 0;
export const SA_LIVE = 1;
export const SA_EXPIRED = 2; // keys wiped; the SPI still answers EXPIRED
export const FLAG_ESN = 1;
export const FLAG_REBUILD = 2; // transport mode, carrier udp: the template holds the IP header to rebuild (in)
export const FLAG_SELECTORS = 4; // the engine wants the inner addresses and ports (in)
export const FLAG_CARRIES = 8; // of a bundle: what comes out of it is for another SA (in)
export const FLAG_COMPRESSION = 16; // next header 108 is the engine's to inflate (in)
export const FLAG_ORIGINAL = 32; // transport mode behind a NAT: SA_ORIGINAL says what checksums were made over (in)
export const FLAG_RECOMPUTE = 64; // the same, but nobody said over what (in)
export const FLAG_INSIDE_AH = 128; // it has no ICV of its own: AH is around it, or it is not used (legacy build only)
export const DF_COPY = 0;
export const DF_SET = 1;
export const DF_CLEAR = 2;

// ---------------------------------------------------------------- algorithms
export const ENC_NULL = 0;
export const ENC_CBC = 1;
export const ENC_CTR = 2;
export const ENC_GCM = 3;
export const ENC_CCM = 4;
export const ENC_CHACHA = 5;
export const ENC_GMAC = 6;
export const ENC_DES = 7; // legacy build only, as the next two
export const ENC_3DES = 8;
export const INT_NONE = 0; // the encryption is an AEAD, or FLAG_INSIDE_AH
export const INT_SHA1 = 1;
export const INT_SHA256 = 2;
export const INT_SHA384 = 3;
export const INT_SHA512 = 4;
export const INT_XCBC = 5;
export const INT_CMAC = 6;
export const INT_MD5 = 7; // legacy build only
export const INT_GMAC = 8; // AH only: in ESP it is an encryption

// ---------------------------------------------------------------- hot entry
// What is derived from a key and worth keeping: filled inside the batch call, wiped on eviction and deletion.
export const HOT_SIZE = 9472;
export const HOT_OWNER = 0; // u32: address of the SA record, 0 = empty
export const HOT_USED = 4; // u32: 1 = used again since it was filled, or since the hand passed
export const HOT_POWERS = 8; // u32: GHASH powers present, 0..7
export const HOT_HAS_NIBBLE_KEYS = 12; // u32: 0 | 1
export const HOT_HASHED = 16; // u32: packets hashed, counted while they are few
export const HOT_STEPS_OF = 20; // u32: the IV bytes on which the counter steps depend, aes/counter-start.ts; 0 = none kept
export const HOT_STEPS_COUNT = 24; // u32: how many are kept
export const HOT_STEPS_MET = 28; // u32: the IV bytes of the last packet that would have used steps
export const HOT_FILLED = 32; // u32: bytes from HOT_OWNER on among which there may be some that are not 0
export const HOT_STEP_PLANES_OF = 36; // u32: likewise, of the steps in planes, aes/step-planes.ts
export const HOT_STEP_PLANES_COUNT = 40; // u32: how many groups of eight are kept
export const HOT_LENGTHS = 64; // 32 bytes: the last block of lengths, and what it adds to GHASH
export const HOT_NIBBLE_KEYS = 96; // 15 * 16 bytes: round keys of aes/nibbles.ts (counter modes)
export const HOT_PLANES = 384; // 15 * 128 bytes: bitsliced round keys for encryption
export const HOT_DES_KEYS = 384; // legacy build: 3 * 128 bytes: the round keys of DES in the order of use, 8 bytes a round
export const HOT_GHASH = 2304; // 7 * 512 bytes: nibble tables of H^1 .. H^7 (GCM, GMAC)
export const HOT_STEPS = 5888; // 128 * 16 bytes: the steps to the counters 0 .. 127 (counter modes)
export const HOT_STEPS_END = 7936;
export const HOT_STEP_PLANES = 7936; // 12 * 128 bytes: the steps to the counters 2 .. 97, in planes (GCM)
export const HOT_STEP_PLANES_END = 9472;
export const HOT_INVERSE_PLANES = 2304; // 15 * 128 bytes: bitsliced round keys for decryption (CBC in)
export const HOT_MAC_KEYS = 4224; // 176 bytes: AES-128 round keys of XCBC or CMAC, FIPS 197 order
export const HOT_MAC_SUBKEYS = 4400; // 32 bytes: XCBC K2, K3 (RFC 3566) or CMAC K1, K2 (RFC 4493)
export const HOT_MAC_END = 4432;

// ---------------------------------------------------------------- descriptor
// One packet of a batch. The engine writes the first line, number (or find) the second, the rooms read it.
export const MAX_BATCH = 256;
export const D_SIZE_OF = 208;
export const D_PACKET = 0; // u32 address of the first byte: the inner packet (out), the ESP or AH header (in)
export const D_LENGTH = 4; // u32 bytes
export const D_SA = 8; // u32 address of the SA record; in: 0, written by find
export const D_GENERATION = 12; // u32 generation of the handle (out)
export const D_STATUS = 16; // u32: status.ts
export const D_NEXT_HEADER = 20; // u32: out: 4, 41, 59 or the upper protocol; in, before the call: PROTOCOL_ESP | PROTOCOL_AH, then as opened
export const D_PAD_TO = 24; // u32 out: TFC: the payload is padded to this length first (RFC 4303 section 2.7); 0 = none
export const D_NEWEST = 24; // u32 in: 1 when the number is above all that were accepted before
export const D_TOS = 28; // u32 in: TOS of the outer header; 0 where a socket hides it. Out, IPComp: TOS inside, and INNER_DF
export const INNER_DF = 256;
export const D_SEQUENCE = 32; // u64
export const D_TEXT = 40; // u32 address of the text: plain before sealing, cipher after
export const D_TEXT_LENGTH = 44; // u32 bytes: payload, TFC, padding, pad length, next header
export const D_IV = 48; // u32 address of the IV, SA_IV_LENGTH bytes, just before the text
export const D_ICV = 52; // u32 address of the ICV, just behind the text
export const D_AUTH = 56; // u32 address of the first authenticated byte: the SPI
export const D_AUTH_LENGTH = 60; // u32 bytes for a separate integrity algorithm, ESN's high half included
export const D_START = 64; // u32 address of the result; in, before the call: of the outer IP header (carrier ip)
export const D_LENGTH_OUT = 68; // u32 bytes of the result
export const D_PROTOCOL = 72; // u32 in: the inner packet's upper protocol, extension headers skipped
export const D_PORTS = 76; // u32 in: source << 16 | target; ICMP: type << 8 | code; Mobility Header: type << 8; 0 if unreadable
export const D_INNER = 80; // u32 in: bits 0..3 version, bit 4 ports are readable, bit 5 a fragment but not the first
export const D_HEADER_LENGTH = 84; // u32: transport mode, carrier ip: bytes of IP header and extension headers in front; else 0
export const D_NEXT_OFFSET = 88; // u32: in that header, the offset of the byte that names the next protocol
export const D_DIRECTION = 92; // u32: 0 out | 1 in
export const D_TAG = 96; // 32 bytes: the ICV as computed; wiped by icv.ts
export const D_SOURCE = 128; // u32[4] in: inner source address, most significant word first, host order; IPv4 in the first
export const D_TARGET = 144; // u32[4] in: inner target address
export const D_CUT_HEADER = 128; // u32 out, while a sealed datagram is cut: address of the last fragment's header,
export const D_CUT_START = 132; // u32 of the first byte that is cut,
export const D_CUT_DATA = 136; // u32 of the next one to hand out,
export const D_CUT_END = 140; // u32 and where the datagram ends
// SA bundles. Out: the SAs that follow D_SA, the next one first. In: those the packet has come out of, the outermost first.
export const MAX_OUTERS = 3;
export const D_OUTER = 160; // u32[3] addresses of SA records, 0 = none
export const D_OUTER_GENERATION = 172; // u32[3] out: generations of the handles
export const D_OUTER_TEXT_LENGTH = 172; // u32[3] in: the D_TEXT_LENGTH each of them had
export const D_OUTER_SEQUENCE = 184; // u64[3] out: the numbers taken from them

// ---------------------------------------------------------------- slots
export const SLOT_HEADROOM = 160; // outer IPv6 + UDP + marker + ESP + IV = 80; a bundle's outer headers besides
export const SLOT_DATA = 2048;
export const SLOT_TAILROOM = 304; // 255 padding + 2 + 32 ICV, rounded up so that a slot is a multiple of 16
export const SLOT_SIZE = 2512;
export const JUMBO_DATA = 65536;
export const JUMBO_SIZE = 66000;

// ---------------------------------------------------------------- reassembly
// One datagram whose fragments are being joined; zeroed up to R_HEADER before its first.
export const R_LENGTH = 0; // u32 bytes of data in all, 0 until the last fragment has come
export const R_RECEIVED = 4; // u32 bytes of data that have come
export const R_HEADER_LENGTH = 8; // u32 bytes of the first fragment's header
export const R_HIGHEST = 12; // u32 where the fragment that reaches farthest ends
export const R_ECN = 16; // u32 a bit for every ECN codepoint seen
export const R_JOINED_LENGTH = 20; // u32 bytes of the whole datagram, header included
export const R_COVERED = 64; // 1024 bytes: a bit for every 8 bytes of data
export const R_STARTS = 1088; // 1024 bytes: likewise, where a fragment began
export const R_HEADER = 2112; // 256 bytes, of which the header takes the last
export const R_DATA = 2368; // 65536 bytes
export const R_SIZE = 67904;
