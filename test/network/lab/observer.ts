/**
 * A program that probes brokers from a host of its own over bare sockets: which member is active, and when one first
 * confirmed a message.
 */
import { type FirstConfirmation, type PollSettings, pollFirstConfirmation } from "../../brokers/raw-poller.ts";
import { probeStomp } from "../../brokers/stomp-probe.ts";
import { bareHandshake } from "./bare-handshake.ts";
import { serveCalls } from "./serve-calls.ts";
import { now } from "./shared-clock.ts";

const operations = {
  probe: probeStomp,
  bareHandshake,

  /** Tries until a message is confirmed. Resolves with the time of the confirmation on the shared clock. */
  async firstConfirmation(settings: Omit<PollSettings, "signal">, timeoutMs: number): Promise<FirstConfirmation> {
    const apart = now() - performance.now();
    const found = await pollFirstConfirmation({ ...settings, signal: AbortSignal.timeout(timeoutMs) });
    return { ...found, portOpenAtMs: found.portOpenAtMs + apart, confirmedAtMs: found.confirmedAtMs + apart };
  },
};
export type ObserverOperations = typeof operations;

serveCalls(operations);
