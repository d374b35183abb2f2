// IPsec Anti-Replay Window Expanding and Disabling, as configuration.
import { describe, expect, it } from "vitest";
import { parseConfig, saSettingsOf, writeConfig } from "../../src/ios/index.js";
import { guideConfig } from "../ios/configs.js";

const windows = (text: string) => {
  const { config } = parseConfig(text);
  return config.maps.flatMap((map) => map.entries.map((entry) => saSettingsOf(config, entry).replayWindow));
};
const MAP = "crypto map m 10 ipsec-isakmp\n set peer 192.0.2.1\n";

describe("anti-replay configuration", () => {
  it("6: the window's size globally, 64 when the number is left out", () => {
    expect(windows(`crypto ipsec security-association replay window-size 256\n${MAP}`)).toEqual([256]);
    expect(windows(`crypto ipsec security-association replay window-size\n${MAP}`)).toEqual([64]);
    expect(windows(MAP)).toEqual([64]);
  });

  it("7: disabled globally; disable and window-size exclude each other, the later line holds and says so", () => {
    const disable = "crypto ipsec security-association replay disable\n";
    const size = "crypto ipsec security-association replay window-size 512\n";
    expect(windows(`${disable}${MAP}`)).toEqual([0]);
    expect(windows(`${disable}${size}${MAP}`)).toEqual([512]);
    expect(windows(`${size}${disable}${MAP}`)).toEqual([0]);
    const said = parseConfig(`${size}${disable}`).diagnostics.filter(({ severity }) => severity === "warning");
    expect(said.map(({ line, reason }) => [line, reason])).toEqual([
      [2, "replaces `replay window-size 512`: the two exclude each other"],
    ]);
  });

  it("8: set in a crypto map, in a dynamic map and in a profile", () => {
    expect(windows(`${MAP} set security-association replay window-size 128\n`)).toEqual([128]);
    expect(windows(`${MAP} set security-association replay disable\n`)).toEqual([0]);
    const { config } = parseConfig(
      "crypto dynamic-map d 1\n set security-association replay disable\ncrypto ipsec profile p\n set security-association replay window-size 1024\n",
    );
    expect(config.dynamicMaps[0]?.entries[0]?.replayWindow).toBe(0);
    expect(config.profiles[0]?.replayWindow).toBe(1024);
  });

  it("9: the map's word stands over the global one, whichever comes first", () => {
    const global = "crypto ipsec security-association replay window-size 1024\n";
    const two = `${MAP} set security-association replay disable\ncrypto map m 20 ipsec-isakmp\n set peer 192.0.2.2\n`;
    expect(windows(`${global}${two}`)).toEqual([0, 1024]);
    expect(windows(`${two}${global}`)).toEqual([0, 1024]);
  });

  it("11: the whole running configuration with a global window of 1024", () => {
    const { config } = parseConfig(guideConfig("replay-global"));
    expect(config.hostname).toBe("VPN-Gateway1");
    expect(config.ipsec.replayWindow).toBe(1024);
    expect(config.transformSets).toEqual([{ name: "basic", transforms: ["esp-des", "esp-md5-hmac"], mode: "tunnel" }]);
    const text = writeConfig(config);
    expect(text).toContain("\ncrypto ipsec security-association replay window-size 1024\n");
    expect(text).toContain(
      "\naccess-list 101 permit ip 192.168.1.0 0.0.0.255 172.16.2.0 0.0.0.255\naccess-list 101 remark Crypto ACL\n",
    );
    expect(text).toContain(
      "\ninterface Serial1/0\n ip address 192.165.200.2 255.255.255.252\n serial restart-delay 0\n crypto map mymap\n",
    );
  });

  it("12: disabled towards one peer, 64 towards the other two, read out of glued lines", () => {
    const { config } = parseConfig(guideConfig("replay-map"));
    const [map] = config.maps;
    expect(map?.entries.map((entry) => [entry.sequence, saSettingsOf(config, entry).replayWindow])).toEqual([
      [17, 0],
      [18, 64],
      [19, 64],
    ]);
    expect(map?.entries.map((entry) => [entry.peers[0]?.host, entry.transformSets[0], entry.accessList])).toEqual([
      ["172.17.150.2", "170cisco", "170"],
      ["192.168.1.3", "180cisco", "180"],
      ["192.168.1.4", "190cisco", "190"],
    ]);
    expect(config.accessLists.map(({ name }) => name)).toEqual(["170", "180", "190"]);
  });
});
