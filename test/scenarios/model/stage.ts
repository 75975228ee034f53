/** What the steps of one program share. */
import type { EmbeddedGroup } from "../../../src/testing/index.ts";
import type { Client } from "./client.ts";
import type { Hands } from "./hands.ts";
import type { Ledger, StorePlace } from "./ledger.ts";
import type { OpenPromises } from "./open-promises.ts";
import type { ConnectionIndex, Place } from "./program.ts";

export interface Stage {
  readonly group: EmbeddedGroup;
  readonly ledger: Ledger;
  readonly promises: OpenPromises;
  readonly hands: Hands;
  readonly clients: readonly [Client, Client];
  /** Whether the group drops what it has stored before. */
  readonly duplicateDetection: boolean;
}

export function destinationOf(place: Place | "out"): string {
  return place === "topic" ? "topic://topic" : `queue://${place}`;
}

/** Where what a client consumes of a place is kept. */
export function storePlaceOf(place: Place, by: ConnectionIndex): StorePlace {
  return place === "topic" ? `durable-${by}` : place;
}

/** Lets the event loop go round. */
export async function turns({ ledger }: Stage, count: number): Promise<void> {
  for (let left = count; left > 0; left--) {
    await new Promise((resolve) => setImmediate(resolve));
    ledger.turn += 1;
  }
}

/** After so many deaths in a row what was in flight each time may be given up as poison. */
export const POISON_DEATHS = 4;
