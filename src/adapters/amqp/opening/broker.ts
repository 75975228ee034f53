/** Which product the peer is, from the properties of its open frame: spelling and defaults differ between them. */

import { printableLine } from "../../../errors/printable.ts";
import type { Broker } from "../../../messaging/port/messaging-session.ts";
import type { OpenProperties } from "../rhea/open-properties.ts";

/** A map: a peer may call itself "constructor". */
const PRODUCTS: ReadonlyMap<string, string> = new Map([
  ["ActiveMQ", "activemq"],
  ["apache-activemq-artemis", "artemis"],
  ["masterslave-embedded", "masterslave-embedded"],
]);

/** Classic and Artemis by our names, any other product by its own, `unknown` when the peer does not say. `conceal` takes the credentials out. */
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
