/** The transport as users create it, from a URI. For connections connect/ resolves the options instead. */
import { type InspectOptions, inspect } from "node:util";
import { formatAddress } from "../errors/errors.ts";
import { inspectedAs } from "../errors/inspected-as.ts";
import { type MasterSlaveUri, parseMasterSlaveUri } from "../uri/master-slave-uri.ts";
import type { GroupOptions } from "../uri/options/group-options.ts";
import { ignoredNote } from "../uri/options/ignored-options.ts";
import { resolveOptions } from "../uri/resolve-options.ts";
import { debugEvents, TRANSPORT_LINES } from "./debug-log.ts";
import type { OpenSession, Session } from "./dial/session.ts";
import { FailoverTransport } from "./failover-transport.ts";
import type { TransportEvents } from "./transport-events.ts";
import type { ConnectLimits } from "./transport-options.ts";

/** What a MasterSlaveTransport is made from. */
export interface TransportOptions<S extends Session> {
  /** A masterslave: URI as text or parsed; its schemes are passed to `open` unchanged. */
  readonly group: string | MasterSlaveUri;
  /** Opens a session at one endpoint, or rejects with the reason. */
  readonly open: OpenSession<S>;
  /** Options by the names of the option table; they override the URI's. */
  readonly options?: GroupOptions | undefined;
}

/**
 * Reaches the active endpoint of a group with `open`, holds one session and fails over. @throws INVALID_URI,
 * INVALID_OPTION.
 */
export class MasterSlaveTransport<S extends Session> extends FailoverTransport<S> {
  readonly #connectTimeoutMs: number | undefined;

  constructor({ group, open, options = {} }: TransportOptions<S>) {
    const uri = typeof group === "string" ? parseMasterSlaveUri(group) : group;
    const settings = resolveOptions(uri, options);
    const onEmit = debugEvents<TransportEvents<S>>("transport", TRANSPORT_LINES);
    super({ endpoints: uri.endpoints, open, settings, note: ignoredNote(uri.ignored), onEmit });
    this.#connectTimeoutMs = settings.connectTimeoutMs;
  }

  /** `connectTimeoutMs` overrides the group's; 0 is none. */
  override connect({ signal, connectTimeoutMs }: ConnectLimits = {}): Promise<void> {
    return super.connect({ signal, connectTimeoutMs: connectTimeoutMs ?? this.#connectTimeoutMs });
  }

  /** Shows state and endpoint, and nothing else of what it holds. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { state } = this;
    const endpoint = "endpoint" in state ? { endpoint: formatAddress(state.endpoint) } : {};
    return inspectedAs("MasterSlaveTransport", { state: state.name, ...endpoint }, depth, options);
  }
}
