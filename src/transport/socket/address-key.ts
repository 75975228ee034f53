/** Both addresses of a connection as Linux writes them in /proc/net/tcp and tcp6. */
import { isIPv4, isIPv6, type Socket } from "node:net";
import { endianness } from "node:os";

export interface AddressKey {
  readonly family: 4 | 6;
  /** For example `0100007F:1F90 0100007F:C3B2`: local address, then remote. */
  readonly text: string;
}

/** Returns undefined for a socket that has no addresses, or no longer has them. */
export function addressKey(
  socket: Pick<Socket, "localAddress" | "localPort" | "remoteAddress" | "remotePort">,
): AddressKey | undefined {
  const { localAddress = "", localPort = 0, remoteAddress = "", remotePort = 0 } = socket;
  const [local, remote] = [addressBytes(localAddress), addressBytes(remoteAddress)];
  if (local === undefined || remote === undefined || local.length !== remote.length) return undefined;
  const text = `${hex(local)}:${portHex(localPort)} ${hex(remote)}:${portHex(remotePort)}`;
  return { family: local.length === 4 ? 4 : 6, text };
}

function addressBytes(address: string): Buffer | undefined {
  const [plain = ""] = address.split("%");
  if (isIPv4(plain)) return Buffer.from(plain.split(".").map(Number));
  if (!isIPv6(plain)) return undefined;
  // A trailing IPv4 address stands for the last two groups.
  const groups = plain.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, ...parts) => {
    const [a = 0, b = 0, c = 0, d = 0] = parts.slice(0, 4).map(Number);
    return `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  });
  const [head = [], tail = []] = groups.split("::").map((half) => half.split(":").filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => "0");
  const words = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  return Buffer.from(words.flatMap((word) => [word >> 8, word & 0xff]));
}

/** Linux prints each 32-bit word as the machine's integer of its bytes. */
function hex(bytes: Buffer): string {
  const words = Buffer.from(bytes);
  if (endianness() === "LE") words.swap32();
  return words.toString("hex").toUpperCase();
}

function portHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, "0");
}
