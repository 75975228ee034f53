/** The transport as users create it, from a URI. For connections connect/ resolves the options instead. */
import { type MasterSlaveUri, parseMasterSlaveUri } from "../uri/master-slave-uri.ts";
import type { GroupOptions } from "../uri/options/group-options.ts";
import { ignoredNote } from "../uri/options/ignored-options.ts";
import { resolveOptions } from "../uri/resolve-options.ts";
import type { OpenSession, Session } from "./dial/session.ts";
import { FailoverTransport } from "./failover-transport.ts";
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
    super({ endpoints: uri.endpoints, open, settings, note: ignoredNote(uri.ignored) });
    this.#connectTimeoutMs = settings.connectTimeoutMs;
  }

  /** `connectTimeoutMs` overrides the group's; 0 is none. */
  override connect({ signal, connectTimeoutMs }: ConnectLimits = {}): Promise<void> {
    return super.connect({ signal, connectTimeoutMs: connectTimeoutMs ?? this.#connectTimeoutMs });
  }
}
