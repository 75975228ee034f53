/** The network between the client and the active member, which keeps its lock: nobody takes over. */
import type { Direction } from "../lab/switch.ts";
import type { Fault } from "./fault.ts";

function partition(name: string, what: string, direction: Direction): Fault {
  return {
    name,
    what,
    consequence: "returns",
    // The client's FIN waits in its kernel behind what the broker has, unknown to the client, received: the old session lives on beside the new one.
    mayOvertake: direction === "out",
    strike: ({ activeHost, clientHost }) => activeHost.drop(direction, clientHost),
    heal: ({ activeHost }) => activeHost.heal(),
  };
}

export const PARTITIONS: readonly Fault[] = [
  partition("partition", "no packet between client and active broker, either way, until it heals", "both"),
  partition("partition towards the broker", "what the client sends is lost, what the broker sends arrives", "in"),
  partition("partition towards the client", "what the broker sends is lost, what the client sends arrives", "out"),
];
