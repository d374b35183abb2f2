#!/usr/bin/env node
// The program `wasm-ipsec`. Exit status 0: done, 1: done but not everything was opened, 2: nothing could be done.

import { main } from "./cli/main.js";

process.exitCode = await main(process.argv.slice(2), {
  say: (text) => console.log(text),
  complain: (text) => console.error(text),
});
