// wasm-ipsec ios: what is typed, and where it goes.
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { IpsecError } from "../../errors.js";
import { type Diagnostic, type ParsedConfig, parseConfig, writeConfig } from "../../ios/index.js";
import type { Streams } from "../streams.js";
import { alignTable } from "../table.js";
import { UsageError } from "../usage.js";
import { LabConsole } from "./console.js";
import { converse } from "./terminal.js";

/** Routers of a lab. */
const ROUTERS = 16;

const HELP = `wasm-ipsec ios: routers' configurations

  wasm-ipsec ios check FILE...       what is wrong, doubtful or weak in a running configuration
  wasm-ipsec ios format FILE         the configuration as show running-config prints it
  wasm-ipsec ios lab A.cfg B.cfg...  routers in this process, 2 to 16 of them, with a prompt

  --command TEXT, -c   lab: a command instead of the prompt; repeatable, in order
  --quiet              check: no notes, warnings and errors only
  --help               this page

In the lab the commands are those of a router: show, clear, debug, words shortened or not; ? lists them. Beside them:
  ping [COUNT] [FLOW]  packets of hosts behind the router through its first or FLOW-th access rule, and back
  connect NAME         to another router (or put NAME# before a command)
  wait SECONDS         the clock goes on by so much
  unplug, plug         the router's cable
  exit

  wasm-ipsec ios lab a.cfg b.cfg -c "ping 10" -c "show crypto ipsec sa" -c "ipseca-72a# show logging"

What stands in for IKE draws keys at random and gives them to both ends, whatever their policies and keys are; proposals,
INFORMATIONAL messages and what follows from them are as between two routers.

Exit status: check 0 nothing worse than notes, 1 warnings or errors; lab 0 every command was understood, 1 one was
not; 2 nothing could be done.`;

export async function runIos(words: readonly string[], streams: Streams): Promise<number> {
  const { values, positionals } = read(words);
  const [command, ...files] = positionals;
  if (values.help) {
    streams.say(HELP);
    return 0;
  }
  switch (command) {
    case "check":
      if (files.length === 0) throw usage("check needs a file");
      return files.map((file) => check(file, values.quiet ?? false, streams)).includes(1) ? 1 : 0;
    case "format": {
      const [file, ...more] = files;
      if (file === undefined || more.length > 0) throw usage("format takes one file");
      streams.say(writeConfig(readConfig(file).config).trimEnd());
      return 0;
    }
    case "lab": {
      if (files.length < 2 || files.length > ROUTERS) throw usage(`lab takes 2 to ${ROUTERS} files`);
      return lab(files, values.command, streams);
    }
    case undefined:
      throw usage("ios: no command; there are check, format and lab");
    default:
      throw usage(`ios: unknown command "${command}"; there are check, format and lab`);
  }
}

function usage(message: string): UsageError {
  return new UsageError(message, "wasm-ipsec ios --help");
}

function read(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      allowPositionals: true,
      options: {
        command: { type: "string", short: "c", multiple: true },
        quiet: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw usage((error as Error).message);
  }
}

function readConfig(file: string): ParsedConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    throw new IpsecError("option", `cannot read the configuration ${file}: ${(error as NodeJS.ErrnoException).code}`);
  }
  return parseConfig(text);
}

/** Answers 1 when there is something worse than a note. */
function check(file: string, quiet: boolean, streams: Streams): 0 | 1 {
  const { config, diagnostics } = readConfig(file);
  const shown = diagnostics.filter(({ severity }) => !quiet || severity !== "note");
  const entries = config.maps.reduce((sum, map) => sum + map.entries.length, 0);
  const things = [
    [entries, "crypto map entries"],
    [config.transformSets.length, "transform sets"],
    [config.accessLists.length, "access lists"],
    [config.interfaces.length, "interfaces"],
  ].map(([count, name]) => `${count} ${name}`);
  streams.say(`${file}: ${things.join(", ")}`);
  if (shown.length > 0) streams.say(`\n${diagnosticTable(shown)}\n`);
  const count = (severity: Diagnostic["severity"]) => diagnostics.filter((one) => one.severity === severity).length;
  streams.say(`${count("error")} errors, ${count("warning")} warnings, ${count("note")} notes`);
  return count("error") + count("warning") > 0 ? 1 : 0;
}

function diagnosticTable(diagnostics: readonly Diagnostic[]): string {
  const inOrder = [...diagnostics].sort((a, b) => a.line - b.line);
  return alignTable([
    ["line", "", "text", "reason"],
    ...inOrder.map(({ line, severity, text, reason }) => [String(line), severity, shortened(text), reason]),
  ]);
}

function shortened(text: string): string {
  return text.length > 44 ? `${text.slice(0, 41)}...` : text;
}

async function lab(files: readonly string[], commands: readonly string[] | undefined, streams: Streams) {
  const configs = files.map((file) => ({ file, ...readConfig(file) }));
  for (const { file, diagnostics } of configs) {
    for (const { line, text, reason } of diagnostics.filter(({ severity }) => severity === "error")) {
      streams.complain(`${file}:${line}: ${text}: ${reason}`);
    }
  }
  const monitor = commands === undefined ? streams.say : undefined; // as on a router's console
  const console = await LabConsole.create(
    configs.map(({ config }) => config),
    monitor,
  );
  for (const line of console.complaints) streams.complain(line);
  try {
    if (commands === undefined) return await converse(console);
    for (const command of commands) {
      streams.say(`${console.prompt}${command}`);
      const answer = console.execute(command);
      if (answer !== "") streams.say(answer);
    }
    return console.misunderstood ? 1 : 0;
  } finally {
    console.close();
  }
}
