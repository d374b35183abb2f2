// show crypto isakmp sa
import type { IsakmpSa } from "./state.js";

export function showIsakmpSa(sas: readonly IsakmpSa[]): string {
  const rows = sas.map(
    (sa) =>
      `  ${column("/", 12)}${column(sa.target, 12)}${column(sa.source, 12)}${column(sa.state, 11)}` +
      `${column(String(sa.connectionId), 10)}0${sa.deleted ? " (deleted)" : ""}`,
  );
  return ["  f_vrf/i_vrf  dst          src          state      conn-id slot", ...rows].join("\n");
}

/** At least one blank behind it. */
function column(text: string, width: number): string {
  return text.length < width ? text.padEnd(width) : `${text} `;
}
