/** The headers of each STOMP peer's frames: the same for all peers, as each broker needs them. */
import type { Product } from "../../test/brokers/real-group.ts";
import type { Workload } from "./workload.ts";

type Where = Pick<Workload, "product" | "destination">;

export function sendHeaders({ product, destination }: Where): Record<string, string> {
  const address = { destination: spelled(product, destination) };
  return product === "classic"
    ? { ...address, persistent: "true" }
    : { ...address, "destination-type": "ANYCAST", persistent: "true" };
}

/** The window is in messages for Classic, and in bytes for Artemis. */
export function subscribeHeaders(workload: Where & Pick<Workload, "prefetch" | "bodyBytes">): Record<string, string> {
  const { product, destination, prefetch, bodyBytes } = workload;
  const address = { destination: spelled(product, destination), ack: "client-individual" };
  return product === "classic"
    ? { ...address, "activemq.prefetchSize": String(prefetch) }
    : {
        ...address,
        "subscription-type": "ANYCAST",
        "consumer-window-size": String(prefetch * Math.max(1024, bodyBytes)),
      };
}

function spelled(product: Product, name: string): string {
  return product === "classic" ? `/queue/${name}` : name;
}
