/**
 * Reaches an endpoint in one attempt: tries every address of its name until a handshake proves that the right peer is
 * there.
 */

import { unlessAborted } from "../../async/unless-aborted.ts";
import { AttemptError, formatAddress, MasterSlaveError } from "../../errors/errors.ts";
import { type Endpoint, isSecure } from "../../uri/endpoint.ts";
import { discard } from "../socket/discard.ts";
import { EndpointSocket } from "../socket/endpoint-socket.ts";
import { secure } from "../tls/secure.ts";
import type { TlsSource } from "../tls/tls-options.ts";
import { type Lane, raceAddresses } from "./address-race.ts";
import { addressesFailed, attemptFailure } from "./attempt-failure.ts";
import { connectTcp } from "./connect-tcp.ts";
import { dialFailure } from "./dial-failure.ts";
import { type Lookup, resolveHost } from "./resolve-host.ts";
import type { OpenContext } from "./session.ts";

/** How an endpoint is dialled. */
export interface DialOptions {
  /** Gives the attempt up when it fires. */
  readonly signal: AbortSignal;
  /** How to verify the peer, and which certificate to show; Node's own authorities by default. */
  readonly tls?: TlsSource | undefined;
  /** Replaces the system's resolver. */
  readonly lookup?: Lookup | undefined;
  /** Called with how far the attempt has come, for the error if it runs out of time. */
  readonly stage?: OpenContext["stage"] | undefined;
}

/** How an endpoint is reached, over all addresses of its name. */
export interface ReachOptions extends DialOptions {
  /** The attempt's own turn to speak; taken once, however many addresses there are. */
  readonly turn?: OpenContext["turn"] | undefined;
}

/**
 * Speaks with the peer over a connected socket, after TLS. `turn` resolves when this address may send the first byte of
 * its protocol. The result lives on the socket and ends with it: the socket of an address that has not won is
 * destroyed.
 */
export type UseSocket<T> = (socket: EndpointSocket, turn: () => Promise<void>) => Promise<T>;

/**
 * Tries the addresses of an endpoint in resolver order until `use` resolves for one of them. The name is resolved at
 * every call. Rejects with the failure if there is one address, otherwise with an AttemptError that lists each address
 * and its failure. Rejects at once with a failure that no other address would cure (verdict `stop`), or with the
 * signal's reason. Nothing stays open then.
 */
export async function reach<T>(endpoint: Endpoint, options: ReachOptions, use: UseSocket<T>): Promise<T> {
  const { signal, turn = async () => {} } = options;
  signal.throwIfAborted();
  let taken: Promise<void> | undefined;
  const way = new Way(endpoint, options, () => (taken ??= turn()));
  options.stage?.("looking up its name");
  const addresses = await unlessAborted(signal, addressesOf(endpoint, options.lookup));
  return raceAddresses(addresses, {
    signal,
    attempt: (lane) => way.follow(lane, use),
    goesOn: (failure) => attemptFailure(endpoint, failure).verdict === "next",
    allFailed: (failures) => (failures.size === 1 ? [...failures.values()][0] : addressesFailed(endpoint, failures)),
  });
}

async function addressesOf(endpoint: Endpoint, lookup: Lookup | undefined): Promise<readonly string[]> {
  try {
    return await resolveHost(endpoint.host, lookup);
  } catch (cause) {
    throw dialFailure(endpoint, cause);
  }
}

/** The steps for one address: TCP, TLS, speaking turn, and `use`. */
class Way {
  readonly #endpoint: Endpoint;
  readonly #options: ReachOptions;
  readonly #attemptTurn: () => Promise<void>;

  constructor(endpoint: Endpoint, options: ReachOptions, attemptTurn: () => Promise<void>) {
    this.#endpoint = endpoint;
    this.#options = options;
    this.#attemptTurn = attemptTurn;
  }

  async follow<T>(lane: Lane, use: UseSocket<T>): Promise<T> {
    const socket = await this.#connect(lane);
    const onLost = () => socket.destroy(overtaken(this.#endpoint));
    lane.signal.addEventListener("abort", onLost, { once: true });
    try {
      const result = await use(socket, () => this.#speak(lane));
      lane.signal.throwIfAborted();
      return result;
    } catch (failure) {
      socket.destroy(failure instanceof MasterSlaveError ? failure : undefined);
      throw failure;
    } finally {
      lane.signal.removeEventListener("abort", onLost);
    }
  }

  async #connect(lane: Lane): Promise<EndpointSocket> {
    const { tls, stage } = this.#options;
    const endpoint = this.#endpoint;
    try {
      stage?.(`connecting to ${lane.address}`);
      const tcp = await connectTcp(lane.address, endpoint.port, lane.signal);
      lane.progress();
      const terms = { source: tls ?? {}, signal: lane.signal, stage };
      const inner = isSecure(endpoint) ? await secure(tcp, endpoint, terms) : tcp;
      // The signal may fire in the same turn in which the last step ends.
      if (lane.signal.aborted) discard(inner);
      lane.signal.throwIfAborted();
      lane.hold();
      return new EndpointSocket(inner, endpoint);
    } catch (cause) {
      lane.signal.throwIfAborted();
      throw dialFailure(endpoint, cause);
    }
  }

  async #speak(lane: Lane): Promise<void> {
    await this.#attemptTurn();
    await lane.turn();
    this.#options.stage?.(`connected to ${lane.address}, its handshake unanswered`);
  }
}

function overtaken(endpoint: Endpoint): AttemptError {
  const text = `${formatAddress(endpoint)} was ready at another of its addresses first, or is not wanted any more`;
  return new AttemptError("ATTEMPT_SUPERSEDED", text, { endpoint });
}
