/** Applies a program's map hook to a message that is about to be sent. */
import { formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { MapMessage } from "../config/bridge-config.ts";
import type { ComposeRules, OutgoingCopy } from "./compose.ts";

/** @throws what the hook throws, or Error for what it must not return. */
export async function mapCopy(
  map: MapMessage,
  message: ReceivedMessage,
  copy: OutgoingCopy,
  { link, path }: ComposeRules,
): Promise<OutgoingCopy | "drop"> {
  const mapped = await map(message, { link, from: path.from, to: path.to, destination: copy.destination });
  if (mapped === "drop") return "drop";
  if (mapped === undefined) return copy;
  if (typeof mapped !== "object" || mapped === null)
    throw new Error(
      `The map hook of the link ${link} returned ${typeof mapped}: return an object, "drop" or undefined`,
    );
  const { destination, body, properties } = mapped;
  return {
    ...copy,
    ...(destination !== undefined && { destination: formatDestination(parseDestination(destination)) }),
    ...(body !== undefined && { body }),
    ...(properties !== undefined && {
      options: { ...copy.options, properties: { ...properties, ...ours(copy), ...withoutOurs(properties) } },
    }),
  };
}

/** The path and the first id are not the hook's to change. */
function ours({ options: { properties = {} } }: OutgoingCopy) {
  return properties;
}

function withoutOurs<Value>(properties: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("Masterslave")));
}
