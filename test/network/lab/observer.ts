/** A program that looks at brokers from a host of its own, with bare sockets: who is active, and when one first confirmed a message. */
import { type FirstConfirmation, type PollSettings, pollFirstConfirmation } from "../../brokers/raw-poller.ts";
import { probeStomp } from "../../brokers/stomp-probe.ts";
import { bareHandshake } from "./bare-handshake.ts";
import { serveCalls } from "./serve-calls.ts";
import { now } from "./shared-clock.ts";

const operations = {
  probe: probeStomp,
  bareHandshake,

  /** Asks until a message is confirmed, then tells when that was, by the clock that every process reads. */
  async firstConfirmation(settings: Omit<PollSettings, "signal">, timeoutMs: number): Promise<FirstConfirmation> {
    const apart = now() - performance.now();
    const found = await pollFirstConfirmation({ ...settings, signal: AbortSignal.timeout(timeoutMs) });
    return { ...found, portOpenAtMs: found.portOpenAtMs + apart, confirmedAtMs: found.confirmedAtMs + apart };
  },
};
export type ObserverOperations = typeof operations;

serveCalls(operations);
