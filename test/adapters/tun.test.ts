import { execFileSync, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { Tun } from "../../src/adapters/tun.js";
import { IpsecError } from "../../src/errors.js";
import { internetChecksum } from "../../src/wire/ipv4.js";
import { setWord16 } from "../../src/wire/words.js";

// A TUN device needs Linux, root and the ip command; without them there is nothing to test against.
const possible = process.getuid?.() === 0 && existsSync("/dev/net/tun") && hasIp();
const name = `wasmt${process.pid % 100_000}`;
let tun: Tun | undefined;

function hasIp(): boolean {
  try {
    execFileSync("ip", ["-V"]);
    return true;
  } catch {
    return false;
  }
}

afterEach(() => tun?.close());

/** Answers an ICMP echo request. */
function echoReply(request: Uint8Array): Uint8Array | undefined {
  if (request[0] !== 0x45 || request[9] !== 1 || request[20] !== 8) return undefined;
  const reply = request.slice();
  reply.set(request.subarray(16, 20), 12);
  reply.set(request.subarray(12, 16), 16);
  reply[20] = 0;
  setWord16(reply, 22, 0);
  setWord16(reply, 22, internetChecksum(reply, 20, reply.length - 20));
  return reply;
}

test.skipIf(!possible)("the kernel's ping is answered through the device", async () => {
  const seen: number[] = [];
  const opened = await Tun.open({
    name,
    onPacket(packet) {
      const reply = echoReply(packet);
      if (reply === undefined) return;
      seen.push(packet.length);
      opened.write(reply);
    },
  });
  tun = opened;
  execFileSync("ip", ["address", "add", "198.18.77.1/24", "dev", name]);
  execFileSync("ip", ["link", "set", name, "up"]);
  for (const size of [0, 56, 1400]) {
    const ping = spawn("ping", ["-q", "-c", "3", "-i", "0.02", "-W", "2", "-s", String(size), "198.18.77.9"]);
    const code = await new Promise((resolve) => ping.on("exit", resolve));
    expect(code).toBe(0);
  }
  expect(seen).toEqual([28, 28, 28, 84, 84, 84, 1428, 1428, 1428]);
  await expect(Tun.open({ name, onPacket() {} })).rejects.toThrow("nobody else");
});

test.skipIf(process.platform !== "linux")("a name that is none is refused before anything is opened", async () => {
  for (const wrong of ["", "a-name-too-long-for-linux", "a b", "a/b"]) {
    await expect(Tun.open({ name: wrong, onPacket() {} })).rejects.toThrow(IpsecError);
  }
});

test.skipIf(process.platform !== "linux")("without koffi, a sentence that says what to install", async () => {
  vi.doMock("koffi", () => {
    throw new Error("Cannot find package 'koffi'");
  });
  await expect(Tun.open({ name, onPacket() {} })).rejects.toMatchObject({
    code: "adapter",
    message: expect.stringContaining("npm install koffi"),
  });
  vi.doUnmock("koffi");
});
