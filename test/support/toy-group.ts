/** A transport over toy servers that records everything it reports; it is closed at the end of the test. */
import { onTestFinished } from "vitest";
import { FailoverTransport } from "../../src/transport/failover-transport.ts";
import type { TransportEvents } from "../../src/transport/transport-events.ts";
import type { TransportSettings } from "../../src/transport/transport-options.ts";
import type { Endpoint } from "../../src/uri/endpoint.ts";
import { ToyClient, type ToySession } from "./toy-client.ts";

/** Short waits, no limits. */
export const SETTINGS: TransportSettings = {
  attemptTimeout: 10_000,
  attemptStagger: 200,
  initialReconnectDelay: 5,
  delayAfterLoss: 0,
  maxReconnectDelay: 50,
  backOffFactor: undefined,
  maxReconnectRounds: Number.POSITIVE_INFINITY,
  startupMaxRounds: Number.POSITIVE_INFINITY,
  minConnectTime: 0,
  reconnectSpread: 0,
  authRetryMs: 60_000,
  randomize: false,
};

type Events = TransportEvents<ToySession>;
export type Told = { [Name in keyof Events]: { name: Name; payload: Events[Name][0]; state: string } }[keyof Events];

export interface ToyGroup {
  readonly transport: FailoverTransport<ToySession>;
  readonly client: ToyClient;
  /** Every event, in order, with the state that the connection had when its listener was called. */
  readonly told: readonly Told[];
  /** The names of the events other than "attempt". */
  names(): string[];
  /** The outcomes of the attempts at one endpoint: "session" or the code of its error. */
  outcomes(of: { readonly endpoint: { readonly port: number } }): string[];
  close(): Promise<void>;
}

export function toyGroup(
  members: readonly { readonly endpoint: Endpoint }[],
  settings: Partial<TransportSettings> = {},
  client = new ToyClient(),
): ToyGroup {
  const transport = new FailoverTransport<ToySession>({
    endpoints: members.map(({ endpoint }) => endpoint),
    open: client.open,
    settings: { ...SETTINGS, ...settings },
  });
  const told: Told[] = [];
  for (const name of ["established", "interrupted", "restored", "failed", "closed", "attempt"] as const) {
    transport.on(name, (payload: unknown) => told.push({ name, payload, state: transport.state.name } as Told));
  }
  const close = () => transport.close(AbortSignal.timeout(2_000));
  onTestFinished(close);
  return {
    transport,
    client,
    told,
    names: () => told.map(({ name }) => name).filter((name) => name !== "attempt"),
    outcomes: ({ endpoint }) =>
      told.flatMap(({ name, payload }) => {
        if (name !== "attempt" || payload.endpoint.port !== endpoint.port) return [];
        return payload.outcome === "session" ? "session" : payload.outcome.code;
      }),
    close,
  };
}

/** Resolves when `condition` holds; rejects after `timeoutMs`, which only detects hangs. */
export async function until(condition: () => boolean, timeoutMs = 8_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!condition()) {
    if (performance.now() > deadline) throw new Error(`Did not come true within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

/** Resolves with the error of a promise that should reject. */
export async function rejection(promise: Promise<unknown>): Promise<Error & { readonly code?: string }> {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error("It was expected to reject");
}
