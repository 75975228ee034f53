/** Faults of the network between the client and the active member. The member keeps its lock, so nobody takes over. */
import type { Direction } from "../lab/switch.ts";
import type { Fault } from "./fault.ts";

function partition(name: string, what: string, direction: Direction): Fault {
  return {
    name,
    what,
    consequence: "returns",
    // The broker notices the end of the lost session by its own time-out, or by a FIN that the client's kernel still
    // retransmits: seconds after the network has healed.
    mayOvertake: true,
    strike: ({ activeHost, clientHost }) => activeHost.drop(direction, clientHost),
    heal: ({ activeHost }) => activeHost.heal(),
  };
}

export const PARTITIONS: readonly Fault[] = [
  partition("partition", "no packet between client and active broker, either way, until it heals", "both"),
  partition("partition towards the broker", "what the client sends is lost, what the broker sends arrives", "in"),
  partition("partition towards the client", "what the broker sends is lost, what the client sends arrives", "out"),
];
