/** The way to ask who consumes, by the product of the broker that was found. */
import { artemisDemand } from "./artemis-demand.ts";
import { classicDemand } from "./classic-demand.ts";
import type { DemandSession, DemandSessionDeps } from "./demand-session.ts";

/** Begins to ask. The session is over when its connection is interrupted: close it then. */
export function openDemandSession(deps: DemandSessionDeps): DemandSession {
  const product = deps.connection.broker?.product;
  if (product === "activemq") return classicDemand(deps);
  if (product === "artemis") return artemisDemand(deps);
  const ready = Promise.reject(new Error(`${product ?? "the broker"} does not tell who consumes`));
  ready.catch(() => {});
  return { ready, demanded: () => [], close: () => Promise.resolve() };
}
