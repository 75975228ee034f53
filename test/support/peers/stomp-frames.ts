/** STOMP 1.2 frames for scripted peers: parses and encodes them. */

export interface StompFrame {
  readonly command: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const [LINE_FEED, NUL] = [10, 0];

/** Headers are not escaped. */
export function writeStompFrame({ command, headers, body }: StompFrame): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  return `${command}\n${lines.join("")}\n${body}\0`;
}

/** Takes whole frames off the front of the bytes, heart-beats with them; returns what is left. */
export function readStompFrames(bytes: Buffer, take: (frame: StompFrame) => void): Buffer {
  let rest = bytes;
  for (;;) {
    while (rest[0] === LINE_FEED) rest = rest.subarray(1);
    const bodyAt = rest.indexOf("\n\n") + 2;
    if (bodyAt < 2) return rest;
    const [command = "", ...lines] = rest.toString("utf8", 0, bodyAt - 2).split("\n");
    const headers = Object.fromEntries(lines.map(readHeader));
    const length = headers["content-length"];
    const end = length === undefined ? rest.indexOf(NUL, bodyAt) : bodyAt + Number(length);
    if (end < 0 || rest.length <= end) return rest;
    const body = rest.toString("utf8", bodyAt, end);
    rest = rest.subarray(end + 1);
    take({ command, headers, body });
  }
}

const ESCAPES: Readonly<Record<string, string>> = { "\\r": "\r", "\\n": "\n", "\\c": ":", "\\\\": "\\" };

function readHeader(line: string): [string, string] {
  const colon = line.indexOf(":");
  return [
    line.slice(0, colon),
    line.slice(colon + 1).replace(/\\[rnc\\]/g, (sequence) => ESCAPES[sequence] ?? sequence),
  ];
}
