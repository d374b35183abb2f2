// Extended access lists: what a crypto map's `match address` names.

export interface AccessList {
  /** A number (100..199, 2000..2699) or a name. */
  name: string;
  /** Written `ip access-list extended NAME`. */
  named: boolean;
  lines: (AccessRule | Remark)[];
}

export interface Remark {
  remark: string;
}

export interface AccessRule {
  action: "permit" | "deny";
  /** 0..255; absent: `ip`, every protocol. */
  protocol: number | undefined;
  source: AddressMatch;
  sourcePort: PortMatch | undefined;
  target: AddressMatch;
  targetPort: PortMatch | undefined;
  icmpType: number | undefined;
  icmpCode: number | undefined;
  /** `log`, `established` and others, which a crypto map does not look at. */
  options: string[];
}

/** An address and a wildcard: its one-bits are not compared. */
export interface AddressMatch {
  address: string;
  wildcard: string;
}

export interface PortMatch {
  operator: "eq" | "neq" | "lt" | "gt" | "range";
  /** One; up to ten for eq and neq; two for range. */
  ports: number[];
}

export const ANY: AddressMatch = { address: "0.0.0.0", wildcard: "255.255.255.255" };

export function isRemark(line: AccessRule | Remark): line is Remark {
  return "remark" in line;
}

/** The list of this name, or undefined. */
export function findAccessList(lists: readonly AccessList[], name: string): AccessList | undefined {
  return lists.find((list) => list.name === name);
}

export function rulesOf(list: AccessList): AccessRule[] {
  return list.lines.filter((line): line is AccessRule => !isRemark(line));
}
