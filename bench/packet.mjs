// The same ESP packet, ours and node:crypto's, in one run: from an inner IP packet in a Uint8Array to the ESP datagram
// in a preallocated one, tunnel mode. Rounds are interleaved; the ratio is minimum over minimum, the median of the
// paired ratios stands beside it.
//
//   npm run bench                      every suite, 15 rounds
//   npm run bench -- --rounds 5 gcm    suites whose name contains "gcm"
//
// node:crypto is at its best: KeyObjects made once, one Cipher a packet, the output set into a reused buffer; no policy
// and no window. Ours is the whole path: outbound x 64, flush, poll and copyInto x 64.
import { createCipheriv, createHmac, createSecretKey, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { Bench } from "tinybench";
import { DataPlane } from "wasm-ipsec";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, variant: { type: "string", default: "auto" } },
  allowPositionals: true,
});
const ROUNDS = Number(values.rounds);
const BATCH = 64;
const SIZES = [64, 256, 576, 1400];
const ROUND_MS = 5;

const aead = (name, encryption, key, cipher) => ({
  name,
  encryption,
  key,
  cipher,
  ivLength: 8,
  alignment: 4,
  icvLength: 16,
});
const cbc = (name, integrity, hash, macLength, icvLength) => ({
  name,
  encryption: "aes-cbc",
  integrity,
  key: 16,
  mac: macLength,
  cipher: "aes-128-cbc",
  hash,
  ivLength: 16,
  alignment: 16,
  icvLength,
});
const SUITES = [
  aead("aes-gcm-16 128", "aes-gcm-16", 16, "aes-128-gcm"),
  aead("aes-gcm-16 256", "aes-gcm-16", 32, "aes-256-gcm"),
  aead("chacha20-poly1305", "chacha20-poly1305", 32, "chacha20-poly1305"),
  cbc("aes-cbc 128 + hmac-sha2-256-128", "hmac-sha2-256-128", "sha256", 32, 16),
  cbc("aes-cbc 128 + hmac-sha1-96", "hmac-sha1-96", "sha1", 20, 12),
].filter(({ name }) => positionals.every((part) => name.includes(part)));

function innerPacket(size) {
  const packet = randomBytes(size);
  packet[0] = 0x45;
  packet.writeUInt16BE(size, 2);
  return Uint8Array.from(packet);
}

/** One datagram by node:crypto into `target`; answers its length. `iv` is as on the wire. */
function nodeSealer(suite, key, macKey, target) {
  const keyObject = createSecretKey(key.subarray(0, suite.key));
  const macObject = suite.hash === undefined ? undefined : createSecretKey(macKey);
  const salt = key.subarray(suite.key);
  const text = Buffer.alloc(2048);
  const nonce = Buffer.alloc(12);
  nonce.set(salt);
  return (packet, sequence, iv) => {
    const padLength = (suite.alignment - ((packet.length + 2) % suite.alignment)) % suite.alignment;
    const textLength = packet.length + padLength + 2;
    text.set(packet);
    for (let i = 0; i < padLength; i++) text[packet.length + i] = i + 1;
    text[textLength - 2] = padLength;
    text[textLength - 1] = 4;
    target.writeUInt32BE(0x1001, 0);
    target.writeUInt32BE(sequence, 4);
    target.set(iv, 8);
    const start = 8 + suite.ivLength;
    const plain = text.subarray(0, textLength);
    if (macObject === undefined) {
      nonce.set(iv, 4);
      const cipher = createCipheriv(suite.cipher, keyObject, nonce, { authTagLength: 16 });
      cipher.setAAD(target.subarray(0, 8), { plaintextLength: textLength });
      target.set(cipher.update(plain), start);
      cipher.final();
      target.set(cipher.getAuthTag(), start + textLength);
    } else {
      const cipher = createCipheriv(suite.cipher, keyObject, iv).setAutoPadding(false);
      target.set(cipher.update(plain), start);
      const tag = createHmac(suite.hash, macObject)
        .update(target.subarray(0, start + textLength))
        .digest();
      target.set(tag.subarray(0, suite.icvLength), start + textLength);
    }
    return start + textLength + suite.icvLength;
  };
}

async function prepare(suite, size) {
  const plane = await DataPlane.create({ carrier: "udp", limits: "client", variant: values.variant });
  const key = randomBytes(suite.key + (suite.integrity === undefined ? 4 : 0));
  const macKey = suite.integrity === undefined ? undefined : randomBytes(suite.mac);
  const config = {
    direction: "out",
    protocol: "esp",
    spi: 0x1001,
    mode: "tunnel",
    encryption: suite.encryption,
    encryptionKey: Uint8Array.from(key),
    ...(macKey === undefined ? {} : { integrity: suite.integrity, integrityKey: Uint8Array.from(macKey) }),
    esn: true,
    tunnel: { source: "192.0.2.1", target: "192.0.2.2" },
    pathMtu: 9000,
  };
  const sa = plane.addSa({ ...config, esn: false });
  const packet = innerPacket(size);
  const packets = Array.from({ length: BATCH }, () => Uint8Array.from(packet));
  const targets = packets.map(() => new Uint8Array(2048));
  const item = plane.createItem();
  const ours = () => {
    for (let i = 0; i < BATCH; i++) plane.outbound(0, packets[i], sa);
    plane.flush(0);
    for (let i = 0; plane.poll(item); i++) item.copyInto(targets[i]);
  };
  const target = Buffer.alloc(2048);
  const seal = nodeSealer(suite, key, macKey, target);
  check(suite, seal, target, targets[0], plane, sa, packet);
  let sequence = 1;
  const iv = randomBytes(suite.ivLength);
  const node = () => {
    for (let i = 0; i < BATCH; i++) seal(packet, sequence++, iv);
  };
  return { ours, node, variant: plane.variant };
}

/** The two write the same bytes: ours first, then node:crypto's under our IV. */
function check(suite, seal, target, ours, plane, sa, packet) {
  const length = plane.protectInto(0, packet, ours, sa);
  const other = seal(packet, Number(sa.sequence), ours.subarray(8, 8 + suite.ivLength));
  if (length === other && target.subarray(0, other).equals(ours.subarray(0, length))) return;
  throw new Error(`${suite.name}: our bytes differ from node:crypto's`);
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

async function measure(suite, size) {
  const { ours, node, variant } = await prepare(suite, size);
  const bench = new Bench({ time: ROUND_MS, iterations: 2, warmup: false });
  bench.add("ours", ours);
  bench.add("node", node);
  const rounds = [];
  for (let round = -3; round < ROUNDS; round++) {
    await bench.run();
    const [mine, theirs] = bench.tasks.map((task) => (task.result.latency.mean * 1e6) / BATCH);
    if (round >= 0) rounds.push({ mine, theirs });
    bench.reset();
  }
  const mine = Math.min(...rounds.map((round) => round.mine));
  const theirs = Math.min(...rounds.map((round) => round.theirs));
  return {
    mine,
    theirs,
    ratio: theirs / mine,
    paired: median(rounds.map((round) => round.theirs / round.mine)),
    variant,
  };
}

const progress = process.stderr.isTTY ? (text) => process.stderr.write(`\r\x1b[K${text}`) : () => {};
const rows = [];
let variant;
for (const [index, suite] of SUITES.entries()) {
  const row = { suite: suite.name };
  for (const size of SIZES) {
    progress(`${index + 1}/${SUITES.length} ${suite.name}, ${size} bytes`);
    const result = await measure(suite, size);
    variant = result.variant;
    row[`${size} B`] = `${result.mine.toFixed(0)} ns  ${result.ratio.toFixed(1)}x (${result.paired.toFixed(1)})`;
  }
  rows.push(row);
}
progress("");
console.log(`Sealing, ns a packet and times faster than node:crypto per packet: min/min (median of paired rounds).`);
console.log(`Node ${process.version}, ${variant}, batches of ${BATCH}, ${ROUNDS} rounds of ${ROUND_MS} ms.\n`);
console.table(Object.fromEntries(rows.map(({ suite, ...sizes }) => [suite, sizes])));
