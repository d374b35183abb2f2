// The lab's prompt at a terminal.
import { createInterface } from "node:readline/promises";
import type { LabConsole } from "./console.js";

const TICK_MILLISECONDS = 250;

/** Reads commands until `exit` or the end of input. Answers the exit status. */
export async function converse(console: LabConsole): Promise<number> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: console.prompt });
  const ticking = setInterval(() => console.tick(), TICK_MILLISECONDS);
  try {
    terminal.prompt();
    for await (const line of terminal) {
      const answer = console.execute(line);
      if (answer !== "") process.stdout.write(`${answer}\n`);
      if (console.left) break;
      terminal.setPrompt(console.prompt);
      terminal.prompt();
    }
  } finally {
    clearInterval(ticking);
    terminal.close();
  }
  return console.misunderstood && !process.stdin.isTTY ? 1 : 0;
}
