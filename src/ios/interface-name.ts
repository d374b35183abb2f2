// Names of interfaces as IOS spells them.

/** Types in IOS's capitals, whatever was typed. */
const TYPES = [
  "Ethernet",
  "FastEthernet",
  "GigabitEthernet",
  "TenGigabitEthernet",
  "Serial",
  "Tunnel",
  "Loopback",
  "Virtual-Template",
  "Virtual-Access",
  "Vlan",
  "Port-channel",
  "Dialer",
  "ATM",
  "BRI",
  "Null",
];

export function interfaceName(type: string, unit = ""): string {
  const [, letters = type, number = ""] = /^([A-Za-z-]+)(\d.*)?$/.exec(type) ?? [];
  const known = TYPES.find((name) => name.toLowerCase() === letters.toLowerCase());
  return `${known ?? letters}${number}${unit}`;
}
