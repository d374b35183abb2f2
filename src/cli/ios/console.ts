// The console of a lab: a router's commands, and the lab's own.

import { EXEC_COMMANDS, execute, type IosConfig, Lab, type LabRouter, planeOptionsOf } from "../../ios/index.js";
import { deflate } from "../../ipcomp/deflate.js";
import { DataPlane } from "../../wasm/inlined.js";

/** A name in front of a command, as a prompt prints it. */
const ADDRESSED = /^([\w.-]+)[#>]\s*(.*)$/;

export class LabConsole {
  readonly complaints: string[] = [];
  /** Whether a command was not understood. */
  misunderstood = false;
  /** `exit` was typed. */
  left = false;
  readonly #lab: Lab;
  #router: LabRouter;
  /** Milliseconds that `wait` has gone ahead of the clock. */
  #ahead = 0;

  /** `monitor`: called with every line of the routers' logs as it is logged. */
  static async create(configs: readonly IosConfig[], monitor?: (line: string) => void): Promise<LabConsole> {
    const planes = await Promise.all(
      configs.map((config) => DataPlane.create({ ...planeOptionsOf(config), compression: deflate })),
    );
    const lab = new Lab({
      random: (bytes) => crypto.getRandomValues(bytes),
      ...(monitor === undefined ? {} : { log: { monitor } }),
    });
    configs.forEach((config, at) => {
      const router = lab.add(planes[at] as DataPlane, config);
      if (lab.routers.slice(0, at).some(({ name }) => name === router.name)) router.name = `${router.name}-${at + 1}`;
    });
    return new LabConsole(lab);
  }

  private constructor(lab: Lab) {
    this.#lab = lab;
    this.#router = lab.routers[0] as LabRouter;
    for (const { name, session } of lab.routers) {
      for (const { text, reason } of session.diagnostics) this.complaints.push(`${name}: ${text}: ${reason}`);
      if (!session.protects) this.complaints.push(`${name}: nothing is protected`);
    }
  }

  get prompt(): string {
    return `${this.#router.name}#`;
  }

  get #now(): number {
    return Date.now() + this.#ahead;
  }

  /** Carries out a command and answers what is printed. */
  execute(line: string): string {
    const [, name, rest] = ADDRESSED.exec(line.trim()) ?? [];
    if (name !== undefined) {
      const before = this.#router;
      const moved = this.#connect(name);
      if (moved !== "") return moved;
      const answer = this.execute(rest as string);
      this.#router = before;
      return answer;
    }
    this.#lab.tick(this.#now);
    const [command = "", ...words] = line.trim().split(/\s+/);
    switch (command) {
      case "":
        return "";
      case "?":
      case "help":
        return this.#help();
      case "exit":
      case "quit":
        this.left = true;
        return "";
      case "connect":
        return this.#connect(words[0] ?? "");
      case "ping":
        return this.#ping(words);
      case "wait":
        return this.#wait(Number(words[0]));
      case "unplug":
      case "plug":
        this.#router.reachable = command === "plug";
        return `${this.#router.name} is ${this.#router.reachable ? "plugged in" : "unplugged"}`;
    }
    const answer = execute(this.#router.session, line, this.#now);
    this.#lab.settle(this.#now);
    this.misunderstood ||= /^% /m.test(answer);
    return answer;
  }

  #help(): string {
    const own = ["connect NAME", "exit", "ping [COUNT] [FLOW]", "plug", "unplug", "wait SECONDS"];
    const commands = EXEC_COMMANDS.map((syntax) => syntax.replace(/<(\w+)(?::([^>]*))?>/g, helpWord));
    return [...commands, ...own].sort().join("\n");
  }

  #connect(name: string): string {
    const router = this.#lab.routers.find((one) => one.name.toLowerCase() === name.toLowerCase());
    if (router === undefined) {
      return this.#refuse(`there is no router ${name}: ${this.#lab.routers.map((one) => one.name).join(", ")}`);
    }
    this.#router = router;
    return "";
  }

  #refuse(reason: string): string {
    this.misunderstood = true;
    return `% ${reason}`;
  }

  /** Prints as a router's ping does: a mark for each packet, then how many came back. */
  #ping([count = "5", flow = "1"]: readonly string[]): string {
    const { idents } = this.#router.session;
    const ident = idents[Number(flow) - 1];
    const packets = Number(count);
    if (!Number.isInteger(packets) || packets < 1 || packets > 10_000) return this.#refuse("ping: 1 to 10000 packets");
    if (ident === undefined) return this.#refuse(`ping: flow ${flow}: there are ${idents.length}`);
    const { answered, marks, last } = this.#lab.ping(this.#router, ident, packets, this.#now);
    const { source, target } = ident.planned.rule;
    const rate = Math.round((100 * answered) / packets);
    return [
      `Sending ${packets}, 100-byte ICMP Echos to ${target.address} from ${source.address}`,
      packets <= 70 ? marks : "",
      `Success rate is ${rate} percent (${answered}/${packets})`,
      marks.endsWith("!") ? "" : `the last packet: ${last.verdict}, says ${last.at}`,
    ]
      .filter((line) => line !== "")
      .join("\n");
  }

  #wait(seconds: number): string {
    if (!(seconds > 0) || seconds > 1_000_000) return this.#refuse("wait: seconds, above 0 and up to 1000000");
    // In steps, as time goes: timers that set timers are run in their turn.
    for (let left = seconds * 1000; left > 0; left -= 500) {
      this.#ahead += Math.min(500, left);
      this.#lab.tick(this.#now);
    }
    return "";
  }

  /** Runs the timers. */
  tick(): void {
    this.#lab.tick(this.#now);
  }

  close(): void {
    for (const { session, plane } of this.#lab.routers) {
      session.close();
      plane.close();
    }
  }
}

/** Choices as they are typed, anything else by its name. */
function helpWord(_: string, name: string, type = ""): string {
  return /^[a-z|]+$/.test(type) && !["address", "unit"].includes(type)
    ? type.replaceAll("|", " | ")
    : name.toUpperCase();
}
