/** Recognises the product of the peer by the properties of its open frame: products differ in spelling and defaults. */

import { printableLine } from "../../../errors/printable.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import type { OpenProperties } from "../rhea/open-properties.ts";

/** A Map, because a peer may call itself "constructor". */
const PRODUCTS: ReadonlyMap<string, string> = new Map([
  ["ActiveMQ", "activemq"],
  ["apache-activemq-artemis", "artemis"],
  ["masterslave-embedded", "masterslave-embedded"],
]);

/**
 * Our names for Classic and Artemis, its own name for any other product, `unknown` if the peer gives none. `conceal`
 * redacts the credentials.
 */
export function brokerOf(properties: OpenProperties, redact: (text: string) => string = (text) => text): Broker {
  const { product, version } = properties;
  return {
    product:
      typeof product === "string" && product !== ""
        ? (PRODUCTS.get(product) ?? printableLine(redact(product)))
        : "unknown",
    version: typeof version === "string" ? printableLine(redact(version)) : undefined,
  };
}
