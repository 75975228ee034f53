/** The versions of STOMP, and what differs between them: escapes in headers, and what names a delivery in ACK and NACK. */
import { Refusal } from "../destinations/refusal.ts";

export type StompVersion = "1.0" | "1.1" | "1.2";

/** The versions that the embedded group speaks, the newest first. */
const VERSIONS: readonly StompVersion[] = ["1.2", "1.1", "1.0"];

/**
 * Returns the newest version that the header accept-version names; a client without that header speaks 1.0. @throws
 * Refusal with Classic's text if there is none.
 */
export function chooseVersion(accepted = "1.0"): StompVersion {
  const names = accepted.trim().split(",");
  const chosen = VERSIONS.find((version) => names.includes(version));
  if (chosen !== undefined) return chosen;
  throw new Refusal(
    "amqp:not-allowed",
    `Invalid Protocol version[${accepted}], supported versions are: [1.2, 1.1, 1.0]`,
  );
}

const UNESCAPED: Readonly<Record<string, string>> = { "\\n": "\n", "\\c": ":", "\\\\": "\\" };

/**
 * Reads headers as Classic does. In STOMP 1.0 it drops blanks around a value and decodes the escapes of 1.1, although it
 * sends no escapes to such a client.
 */
export function readHeaders(
  headers: Readonly<Record<string, string>>,
  version: StompVersion,
): Readonly<Record<string, string>> {
  if (version !== "1.0") return headers;
  const read = (text: string) => text.trim().replace(/\\[nc\\]/g, (escaped) => UNESCAPED[escaped] ?? escaped);
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, read(value)]));
}

/** The headers of a MESSAGE that name its delivery: ack in STOMP 1.2, none before, where the message-id names it. */
export function deliveryHeaders(version: StompVersion, ack: string | undefined): { readonly ack?: string | undefined } {
  return version === "1.2" ? { ack } : {};
}

/** The delivery that an ACK or NACK settles. */
export interface SettledDelivery {
  readonly ack: string;
  /** The id of the subscription; undefined if the frame does not name it. */
  readonly subscription: string | undefined;
}

/** @throws Refusal for a frame without the headers that its version asks for. */
export function settledDelivery(
  command: "ACK" | "NACK",
  headers: Readonly<Record<string, string>>,
  version: StompVersion,
): SettledDelivery {
  const { id, subscription } = headers;
  if (version === "1.2") {
    if (id === undefined) throw new Refusal("amqp:invalid-field", `${command} needs the header id`);
    return { ack: id, subscription: id.slice(0, id.lastIndexOf("/")) };
  }
  // Classic's exact text; Classic keeps the connection open.
  if (command === "NACK" && version === "1.0")
    throw new Refusal("amqp:not-found", "NACK received but connection is in v1.0 mode.");
  const ack = headers["message-id"];
  if (ack === undefined) throw new Refusal("amqp:invalid-field", `${command} needs the header message-id`);
  if (subscription === undefined && version === "1.1")
    throw new Refusal("amqp:invalid-field", `${command} needs the header subscription`);
  return { ack, subscription };
}

/** The key of a subscription on its connection: its id, or its destination in STOMP 1.0, where it may have no id. */
export function subscriptionKey(id: string | undefined, destination = ""): string {
  return id ?? `destination ${destination}`;
}
