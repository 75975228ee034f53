/** How each AMQP peer names its queue: Classic reads a prefix, Artemis a capability. */
import type { Workload } from "./workload.ts";

export function terminusOf({ product, destination }: Pick<Workload, "product" | "destination">): {
  address: string;
  capabilities: string[];
} {
  return product === "classic"
    ? { address: `queue://${destination}`, capabilities: [] }
    : { address: destination, capabilities: ["queue"] };
}
