/** What a broker answers to each version of STOMP, on the wire. The embedded group is checked against real brokers. */
import { RawStomp } from "../unit/testing/raw-stomp.ts";

export interface VersionAnswers {
  readonly version: string | undefined;
  /** The headers as they arrived, with their escapes. */
  readonly colon: string | undefined;
  readonly backslash: string | undefined;
  readonly blanks: string | undefined;
  readonly subscription: string | undefined;
  /** Whether MESSAGE has the header `ack`. */
  readonly ack: boolean;
  /** The ERROR that answers a NACK; undefined if the NACK is accepted. */
  readonly nack: string | undefined;
}

/** What a client of each version should see; the first one sends no accept-version. */
export const CLASSIC_ANSWERS: readonly (readonly [string | undefined, VersionAnswers])[] = [
  [undefined, oldest()],
  ["1.0", oldest()],
  ["1.0,1.1", { ...oldest(), version: "1.1", blanks: " x ", subscription: "s", nack: undefined, ...escaped() }],
  [
    "1.1,1.2",
    { ...oldest(), version: "1.2", blanks: " x ", subscription: "s", nack: undefined, ack: true, ...escaped() },
  ],
];

function oldest(): VersionAnswers {
  const nack = "NACK received but connection is in v1.0 mode.";
  const read = { colon: "a:b", backslash: "a\\b", blanks: "x" };
  return { version: "1.0", ...read, subscription: undefined, ack: false, nack };
}

/** The text as sent: the broker escapes again what it has read as an escape. */
function escaped(): Pick<VersionAnswers, "colon" | "backslash"> {
  return { colon: "a\\cb", backslash: "a\\\\b" };
}

/** Sends a message to a queue and receives it, in the version that the peer chooses. The queue is empty afterwards. */
export async function askInVersion(
  port: number,
  accepted: string | undefined,
  { queue, login = {} }: { readonly queue: string; readonly login?: Readonly<Record<string, string>> },
): Promise<VersionAnswers> {
  const client = await RawStomp.dial(port);
  try {
    client.send("CONNECT", { ...(accepted !== undefined && { "accept-version": accepted }), host: "any", ...login });
    const { version } = (await client.next("CONNECTED")).headers;
    const destination = `/queue/${queue}`;
    await client.confirmed("SUBSCRIBE", {
      destination,
      ack: "client-individual",
      ...(version !== "1.0" && { id: "s" }),
    });
    client.send("SEND", { destination, colon: "a\\cb", backslash: "a\\\\b", blanks: " x " }, "body");
    const { headers } = await client.next("MESSAGE");
    const { colon, backslash, blanks, subscription, ack } = headers;
    const delivery = deliveryIn(version, headers);
    let nack: string | undefined;
    if (version === "1.0") {
      client.send("NACK", delivery);
      nack = (await client.next("ERROR")).headers["message"];
      await client.confirmed("ACK", delivery);
    } else await client.confirmed("NACK", delivery);
    return { version, colon, backslash, blanks, subscription, ack: ack !== undefined, nack };
  } finally {
    client.socket.destroy();
  }
}

function deliveryIn(version: string | undefined, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (version === "1.2") return { id: headers["ack"] ?? "" };
  return { "message-id": headers["message-id"] ?? "", ...(version === "1.1" && { subscription: "s" }) };
}

/**
 * What a client of 1.2 gets from the embedded group for a text that a client of 1.0 sent unescaped: it comes with the
 * escapes of 1.2.
 */
export async function passOn(
  port: number,
  { queue, login = {} }: { readonly queue: string; readonly login?: Readonly<Record<string, string>> },
): Promise<string | undefined> {
  const [old, fresh] = [await RawStomp.dial(port), await RawStomp.dial(port)];
  try {
    old.send("CONNECT", { host: "any", ...login });
    fresh.send("CONNECT", { "accept-version": "1.2", host: "any", ...login });
    await Promise.all([old.next("CONNECTED"), fresh.next("CONNECTED")]);
    await old.confirmed("SEND", { destination: `/queue/${queue}`, mark: "a:b\\d" }, "body");
    await fresh.confirmed("SUBSCRIBE", { destination: `/queue/${queue}`, id: "s", ack: "auto" });
    return (await fresh.next("MESSAGE")).headers["mark"];
  } finally {
    for (const { socket } of [old, fresh]) socket.destroy();
  }
}
