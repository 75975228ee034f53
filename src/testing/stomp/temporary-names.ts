/** The temporary queues of one STOMP connection: `/temp-queue/NAME` to itself, `/remote-temp-queue/ID` to others. */
import { type Destination, formatDestination } from "../../messaging/messages/destination.ts";
import { destinationFrom } from "../destinations/destination-name.ts";
import type { Queues } from "../destinations/queues.ts";
import { addressForStomp } from "./stomp-content.ts";

const OWN = "/temp-queue/";

export class TemporaryNames {
  readonly #queues: Queues;
  /** What the member calls it, by the client's name. */
  readonly #made = new Map<string, string>();

  constructor(queues: Queues) {
    this.#queues = queues;
  }

  /** Makes the connection's own at their first use. @throws Refusal */
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

  /** As this client knows what is `queue://NAME`, `topic://NAME` or `temp-queue://ID`. */
  spell(address: string): string {
    for (const [alias, name] of this.#made) {
      if (address === formatDestination({ kind: "temp-queue", name })) return OWN + alias;
    }
    return addressForStomp(address);
  }

  /** They go with the connection. */
  end(): void {
    for (const name of this.#made.values()) this.#queues.removeTemporary(name);
    this.#made.clear();
  }
}
