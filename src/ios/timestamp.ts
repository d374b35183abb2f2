// The time in front of a message, as `service timestamps` says it.
import type { IosConfig } from "./model.js";

export type Timestamps = "datetime msec" | "datetime" | "uptime" | "none";

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/** What the configuration says of log messages; without a word of it, the guide's form. */
export function timestampsOf({ other }: IosConfig): Timestamps {
  const said = other.filter(({ line }) => /^(no )?service timestamps( log|$)/.test(line)).at(-1)?.line ?? "";
  if (said.startsWith("no ")) return "none";
  if (said.includes("uptime")) return "uptime";
  return said === "" || said.includes("msec") ? "datetime msec" : "datetime";
}

/** `milliseconds` since 1970, or since the start for "uptime". The asterisk: no time server vouches for the clock. */
export function timestamp(milliseconds: number, form: Timestamps): string {
  if (form === "none") return "";
  if (form === "uptime") return `${uptime(Math.floor(milliseconds / 1000))}: `;
  const [date = "", clock = ""] = new Date(milliseconds).toISOString().split("T");
  const month = MONTHS[Number(date.slice(5, 7)) - 1];
  const day = String(Number(date.slice(8, 10))).padStart(2);
  return `*${month} ${day} ${clock.slice(0, form === "datetime" ? 8 : 12)}: `;
}

/** 00:00:46 on the first day, then 1d02h, then 2w3d. */
function uptime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const days = Math.floor(seconds / 86400);
  if (days < 1) return `${two(seconds / 3600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}`;
  return days < 7 ? `${days}d${two((seconds % 86400) / 3600)}h` : `${Math.floor(days / 7)}w${days % 7}d`;
}
