/**
 * The times at which clients try again during an outage: ours by this library's policy, peers' by what they document
 * and do.
 */
import { ReconnectPolicy } from "../../src/transport/search/reconnect-policy.ts";
import { parseMasterSlaveUri } from "../../src/uri/master-slave-uri.ts";
import { resolveOptions } from "../../src/uri/resolve-options.ts";

/** The waits of one client. After each wait comes one step, which dials `dialsPerStep` endpoints. */
export interface Waits {
  /** From the loss to the first step, in ms. */
  readonly first: number;
  next(): number;
}

export interface Schedule {
  readonly name: string;
  readonly dialsPerStep: number;
  start(random: () => number): Waits;
}

/** A client that has been connected for long and loses its session; `query` as in a URI of two endpoints. */
export function ourSchedule(name: string, query: string): Schedule {
  const settings = resolveOptions(parseMasterSlaveUri(`masterslave:(stomp://a:61613,stomp://b:61613)?${query}`));
  return {
    name,
    dialsPerStep: 2,
    start: (random) => {
      const policy = new ReconnectPolicy(settings, random);
      const first = policy.sessionEnded(Number.POSITIVE_INFINITY, true);
      return { first, next: () => policy.nextDelay() };
    },
  };
}

/** Peers with their defaults and two endpoints; none of them randomises its waits. */
export const PEER_SCHEDULES: readonly Schedule[] = [
  // FailoverTransport: 10 ms before the first pass, and before the n-th 10 ms x 2^n, up to 30 s; each pass dials the
  // whole list.
  peer(
    "ActiveMQ failover: (Java)",
    2,
    () => 10,
    (step) => Math.min(10 * 2 ** step, 30_000),
  ),
  // SimpleDiscoveryAgent: waits at least 1 s before each try, then twice as long each time, up to 30 s.
  peer(
    "ActiveMQ masterslave: (Java)",
    2,
    () => 1_000,
    (step) => Math.min(1_000 * 2 ** step, 30_000),
  ),
  // ConnectFailover: the endpoints in turn, each with its own count of failures: 10 ms x (2^failures - 1), up to 30 s.
  peer(
    "stompit ConnectFailover",
    1,
    () => 0,
    (step) => Math.min(10 * (2 ** (step >> 1) - 1), 30_000),
  ),
  // rhea: 100 ms, twice as long each time, up to 60 s.
  peer(
    "rhea reconnect",
    1,
    () => 100,
    (step) => Math.min(100 * 2 ** step, 60_000),
  ),
  // reconnectTimeInSeconds equals heartbeatIntervalInSeconds, 5, whatever happened before.
  peer(
    "amqp-connection-manager",
    1,
    () => 5_000,
    () => 5_000,
  ),
];

function peer(name: string, dialsPerStep: number, first: () => number, after: (step: number) => number): Schedule {
  return {
    name,
    dialsPerStep,
    start: () => {
      let step = 0;
      return {
        first: first(),
        next: () => {
          step += 1;
          return after(step);
        },
      };
    },
  };
}
