// A peer that is somewhere else. Over carrier "ip" the outer header, a template in the SA's record, says where a packet
// goes: it is composed anew. Over carrier "udp" the socket is told with every packet, and nothing changes here.
import { IpsecError } from "../errors.js";
import { NO_ADDRESS, type Path } from "../natt/path.js";
import type { ResolvedSa } from "../sad/resolve.js";
import type { Sa } from "../sad/sa.js";
import { parseAddress } from "../wire/address.js";
import { composeTemplate } from "./template.js";

/**
 * What an outbound SA becomes for a peer at `path`; the error says why its headers cannot lead there. Tunnel mode: the
 * target address and UDP port become those of the path. Transport mode: the port; the address is the packet's own.
 */
export function movedTo({ resolved, path: previous }: Sa, path: Path): ResolvedSa | IpsecError {
  const { config, carrier, nonIke, ports } = resolved;
  if (carrier === "udp") return resolved;
  const { address, port } = path.remote;
  let { source, target } = resolved.template;
  if (config.natTraversal !== undefined && port === 0)
    return new IpsecError("port", "path.remote.port is 0: an SA with natTraversal needs 1 to 65535");
  if (config.mode === "tunnel") {
    target = parseAddress(address, "path.remote.address");
    if (target.length !== source?.length)
      return new IpsecError("address", `path leads to ${address}: this SA's outer header is of the other IP version`);
  } else if (address !== previous.remote.address && previous.remote.address !== NO_ADDRESS) {
    return new IpsecError("address", `path leads to ${address}: in transport mode a packet keeps its own addresses`);
  }
  const moved = config.natTraversal === undefined ? ports : { source: ports.source, target: port };
  const template = composeTemplate({ source, target, config, carrier, ports: moved, nonIke });
  return { ...resolved, ports: moved, template };
}
