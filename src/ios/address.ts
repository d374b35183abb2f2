// IPv4 addresses and masks as IOS writes them.

export function isAddress(word: string): boolean {
  const parts = word.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

export function addressNumber(address: string): number {
  return address.split(".").reduce((number, part) => number * 256 + Number(part), 0);
}

export function addressText(number: number): string {
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255).join(".");
}

/** 255.255.255.0 for 0.0.0.255, and back. */
export function invertMask(mask: string): string {
  return addressText(~addressNumber(mask) >>> 0);
}
