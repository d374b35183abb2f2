// `npm run bench:scale`: many SAs in turn, a hundred thousand of them, ten thousand policies, and what the engine adds
// to its kernel. `-- --sas 64`: with fewer of them; `-- policies overhead`: only these parts, of rotation, sas, policies, overhead.
import { parseArgs } from "node:util";
import { manySas } from "./scale/many-sas.mjs";
import { engineOverhead } from "./scale/overhead.mjs";
import { policies } from "./scale/policies.mjs";
import { rotation } from "./scale/rotation.mjs";

const { values, positionals } = parseArgs({
  options: { rounds: { type: "string", default: "15" }, sas: { type: "string", default: "100000" } },
  allowPositionals: true,
});
const PARTS = {
  rotation: ["consecutive packets from different SAs, encrypt", rotation],
  sas: [`${values.sas} SAs`, manySas],
  policies: ["ten thousand policies behind the flow cache, 64-byte packets", policies],
  overhead: ["what the engine adds to its kernel, a packet, batches of 64, encrypt", engineOverhead],
};

const [rounds, most] = [values.rounds, values.sas].map(Number);
for (const [name, [title, measure]] of Object.entries(PARTS)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  if (process.stderr.isTTY) process.stderr.write(`${title} ...`);
  const text = await measure({ rounds, most });
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
  console.log(`${title}\n\n${text}\n`);
}
