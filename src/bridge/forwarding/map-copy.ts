/** Applies a program's map hook to a message before it is sent. */
import { formatDestination, parseDestination } from "../../messaging/messages/destination.ts";
import { passSections, sectionsOf } from "../../messaging/messages/encoded-sections.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { MapMessage } from "../config/bridge-config.ts";
import { carriedProperties } from "./carried-properties.ts";
import type { ComposeRules, OutgoingCopy } from "./compose.ts";

/** @throws what the hook throws, or an Error for an invalid result. */
export async function mapCopy(
  map: MapMessage,
  message: ReceivedMessage,
  copy: OutgoingCopy,
  { link, path, headers }: ComposeRules,
): Promise<OutgoingCopy | "drop"> {
  const mapped = await map(message, { link, from: path.from, to: path.to, destination: copy.destination });
  if (mapped === "drop") return "drop";
  if (mapped === undefined) return copy;
  if (typeof mapped !== "object" || mapped === null) {
    const text = `The map hook of the link ${link} returned ${typeof mapped}: return an object, "drop" or undefined`;
    throw new Error(text);
  }
  const { destination = copy.destination, body, properties = {} } = mapped;
  const sections = body === undefined ? sectionsOf(copy.options) : undefined;
  // A new body replaces the sections, so the properties are sent in our own form.
  const carried = sections || body === undefined ? {} : carriedProperties(message.properties, headers);
  const options = {
    ...copy.options,
    properties: { ...carried, ...copy.options.properties, ...withoutOurs(properties) },
  };
  if (sections) passSections(options, sections);
  return { ...copy, options, destination: formatDestination(parseDestination(destination)), body: body ?? copy.body };
}

function withoutOurs<Value>(properties: Readonly<Record<string, Value>>): Record<string, Value> {
  return Object.fromEntries(Object.entries(properties).filter(([name]) => !name.startsWith("Masterslave")));
}
