/** The temporary queues of one STOMP connection: `/temp-queue/NAME` for itself, `/remote-temp-queue/ID` for others. */
import { type Destination, formatDestination } from "../../messaging/messages/destination.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import type { Queues } from "../destinations/queues.ts";
import { addressForStomp } from "./stomp-content.ts";

const OWN = "/temp-queue/";

export class TemporaryNames {
  readonly #queues: Queues;
  /** The member's name for each of the client's names. */
  readonly #made = new Map<string, string>();

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** Creates the connection's own queues at their first use. @throws Refusal */
  read(text: string): Destination {
    if (!text.startsWith(OWN)) return destinationFrom(text);
    const alias = text.slice(OWN.length);
    const name = this.#made.get(alias) ?? this.#queues.createTemporary();
    this.#made.set(alias, name);
    return { kind: "temp-queue", name };
  }

  owns(name: string): boolean {
    return [...this.#made.values()].includes(name);
  }

  isTemporary(address: string | undefined): address is string {
    return address !== undefined && /^(\/temp-queue\/|\/remote-temp-queue\/|temp-queue:\/\/)/.test(address);
  }

  /** The client's spelling of `queue://NAME`, `topic://NAME` or `temp-queue://ID`. */
  spell(address: string): string {
    for (const [alias, name] of this.#made) {
      if (address === formatDestination({ kind: "temp-queue", name })) return OWN + alias;
    }
    return addressForStomp(address);
  }

  /** Deletes them with the connection. */
  end(): void {
    for (const name of this.#made.values()) this.#queues.removeTemporary(name);
    this.#made.clear();
  }
}
