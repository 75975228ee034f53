/** Chooses how to ask for consumers, by the product of the connected broker. */
import { artemisDemand } from "./artemis-demand.ts";
import { classicDemand } from "./classic-demand.ts";
import type { DemandSession, DemandSessionDeps } from "./demand-session.ts";

/** Starts asking for the consumers. When the connection is interrupted the session is over: close it. */
export function openDemandSession(deps: DemandSessionDeps): DemandSession {
  const product = deps.connection.broker?.product;
  if (product === "activemq") return classicDemand(deps);
  if (product === "artemis") return artemisDemand(deps);
  const ready = Promise.reject(new Error(`${product ?? "the broker"} does not tell who consumes`));
  ready.catch(() => {});
  return { ready, demanded: () => [], close: () => Promise.resolve() };
}
