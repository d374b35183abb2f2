// The work of `wasm-ipsec decrypt`: frame by frame, opened where there is a key, copied where there is none.

import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { IpsecError } from "../errors.js";
import {
  type CapturedPacket,
  CaptureReader,
  type FoundEsp,
  findEsp,
  ipPacketOf,
  isFragment,
  LINKTYPE_RAW,
  PcapngWriter,
} from "../pcap/index.js";
import type { KeyRing } from "./key-ring.js";
import type { Progress } from "./progress.js";
import { Reassembly } from "./reassembly.js";
import { type Outcome, Summary } from "./summary.js";

/** ESP in ESP in ESP: more is a loop somebody built. */
const DEEPEST = 4;
/** Bytes read and written at once. */
const PIECE = 1 << 20;

export class Decryption {
  readonly summary = new Summary();
  readonly #keys: KeyRing;
  readonly #out: string;
  readonly #writer = new PcapngWriter();
  /** Interface of the output for each link type of the input. 0 is for opened packets. */
  readonly #interfaces = new Map<number, number>([[LINKTYPE_RAW, 0]]);
  readonly #reassembly = new Reassembly<CapturedPacket>();
  /** Made when there is something to write: what turns out to be no capture leaves no file. */
  #file: FileHandle | undefined;
  #blocks: Uint8Array[] = [];
  #waiting = 0;

  constructor(keys: KeyRing, out: string) {
    this.#keys = keys;
    this.#out = out;
    this.#put(this.#writer.section());
    this.#put(this.#writer.interface(LINKTYPE_RAW, "opened"));
  }

  /** Answers what is wrong with the capture, if anything. Throws when it is none. */
  async read(capture: string, progress: Progress): Promise<string | undefined> {
    const reader = new CaptureReader();
    let damage: string | undefined;
    try {
      for await (const chunk of createReadStream(capture, { highWaterMark: PIECE })) {
        reader.push(chunk as Uint8Array);
        for (let packet = reader.read(); packet !== undefined; packet = reader.read()) await this.#take(packet);
        progress.report((chunk as Uint8Array).length, this.summary.packets);
      }
      reader.end();
    } catch (error) {
      if (!(error instanceof IpsecError) || this.summary.packets === 0) throw error;
      damage = error.message;
    }
    for (let rest = this.#reassembly.giveUp(); rest !== undefined; rest = this.#reassembly.giveUp()) {
      this.summary.incompleteFragments += rest.frames.length;
      this.#copy(rest.frames);
    }
    await this.#write();
    await this.#file?.close();
    progress.done();
    return damage;
  }

  async #take(frame: CapturedPacket): Promise<void> {
    this.summary.packets++;
    const packet = ipPacketOf(frame.linkType, frame.data);
    if (packet === undefined) this.#copy([frame]);
    else if (isFragment(packet)) await this.#takeFragment(packet, frame);
    else await this.#takePacket(packet, [frame]);
    if (this.#waiting > PIECE) await this.#write();
  }

  async #takeFragment(fragment: Uint8Array, frame: CapturedPacket): Promise<void> {
    const whole = this.#reassembly.add(fragment, frame);
    if (whole?.packet !== undefined) return this.#takePacket(whole.packet, whole.frames);
    if (whole === undefined) return;
    this.summary.incompleteFragments += whole.frames.length;
    this.#copy(whole.frames);
  }

  /** Opens the ESP in a packet, and the ESP in that. Frames are what the packet was in. */
  async #takePacket(packet: Uint8Array, frames: readonly CapturedPacket[]): Promise<void> {
    const comments: string[] = [];
    let opened: Uint8Array | undefined = packet;
    for (let depth = 0; depth < DEEPEST; depth++) {
      const found: FoundEsp | undefined = findEsp(opened, this.#keys.names);
      if (found === undefined) break;
      const result: OpenResult = await this.#open(found, opened);
      const name = `ESP 0x${found.spi.toString(16).padStart(8, "0")} number ${found.sequence}`;
      comments.push(`${name}: ${result.outcome}, ${result.note}`);
      this.summary.count(found.spi, result.outcome, result.note);
      if (result.outcome === "opened" && result.packet === undefined) return; // A dummy: there was no packet.
      if (result.packet === undefined) break;
      opened = result.packet;
    }
    const comment = comments.join("\n");
    const timestamp = frames.at(-1)?.timestamp ?? 0n;
    if (opened === packet) this.#copy(frames, comment);
    else this.#put(this.#writer.packet({ timestamp, data: opened, interfaceIndex: 0, comment }));
  }

  /** The first key that opens it. */
  async #open(found: FoundEsp, packet: Uint8Array): Promise<OpenResult> {
    const { openers, reason, explanation } = await this.#keys.candidates(found);
    let failure: OpenResult = { outcome: reason, note: explanation, packet: undefined };
    for (const opener of openers) {
      const opening = opener.open(found, packet);
      if (opening.kind === "opened") return { outcome: "opened", note: opener.title, packet: opening.packet };
      failure = { outcome: opening.kind, note: opener.title, packet: undefined };
    }
    return failure;
  }

  /** Frames go through as they were. */
  #copy(frames: readonly CapturedPacket[], comment = ""): void {
    for (const frame of frames) {
      const interfaceIndex = this.#interfaceFor(frame.linkType);
      const { timestamp, data, originalLength } = frame;
      const both = [frame.comment ?? "", comment].filter((text) => text !== "").join("\n");
      const commented = both === "" ? {} : { comment: both };
      this.#put(this.#writer.packet({ timestamp, data, originalLength, interfaceIndex, ...commented }));
    }
  }

  #interfaceFor(linkType: number): number {
    const known = this.#interfaces.get(linkType);
    if (known !== undefined) return known;
    const index = this.#interfaces.size;
    this.#interfaces.set(linkType, index);
    this.#put(this.#writer.interface(linkType));
    return index;
  }

  #put(block: Uint8Array): void {
    this.#blocks.push(block);
    this.#waiting += block.length;
  }

  async #write(): Promise<void> {
    this.#file ??= await open(this.#out, "w").catch((error: NodeJS.ErrnoException) => {
      throw new IpsecError("capture", `cannot write ${this.#out}: ${error.code}`);
    });
    if (this.#blocks.length > 0) await this.#file.writev(this.#blocks);
    this.#blocks = [];
    this.#waiting = 0;
  }
}

interface OpenResult {
  readonly outcome: Outcome;
  readonly note: string;
  readonly packet: Uint8Array | undefined;
}
