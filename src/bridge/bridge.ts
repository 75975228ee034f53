/** A bridge: every link of a configuration, run until it is closed. */
import { type InspectOptions, inspect } from "node:util";
import { type EmitterDescription, IsolatedEmitter } from "../async/isolated-emitter.ts";
import { onAbort } from "../async/on-abort.ts";
import { AbortError, InvalidArgumentError } from "../errors/errors.ts";
import { inspectedAs } from "../errors/inspected-as.ts";
import type { BridgeConfig } from "./config/bridge-config.ts";
import { checkBridgeConfig } from "./config/read-bridge-config.ts";
import { TopicTwins } from "./forwarding/topic-twins.ts";
import type { LinkStateName } from "./link/link-state.ts";
import { Link, type LinkStatus } from "./link.ts";
import { GroupNames } from "./watch/group-names.ts";
import { joinTraces, type TraceResult } from "./watch/message-trace.ts";
import { Warnings } from "./watch/warnings.ts";
import type { BridgeWarning } from "./watch/watched-group.ts";

/** The state of a link, or the reason for it, has changed. */
export interface LinkChange {
  /** The link, by its key in the configuration. */
  readonly name: string;
  /** The link's present state. */
  readonly state: LinkStateName;
  /** Why it is not running, in words. */
  readonly reason: string | undefined;
}

/** The events of a bridge. */
export interface BridgeEvents {
  /** The state of a link, or the reason for it, has changed. */
  link: [change: LinkChange];
  /**
   * Something that an operator should know, although the link goes on: `GROUP_HAS_TWO_NAMES`, `CANARY_REFUSED`, `ADVISORY_UNREADABLE`, or a
   * warning of one of its connections. Emitted at most once an hour for each link, group and code.
   */
  warning: [warning: BridgeWarning];
}

const BRIDGE_EMITTER: EmitterDescription<BridgeEvents> = {
  what: "a bridge",
  events: { link: true, warning: true },
  insteadOfError: "warning and link, whose state is failed then",
};

/** The status of every link of a bridge at one moment. */
export interface BridgeStatus {
  /** By name; includes failed links. */
  readonly links: Readonly<Record<string, LinkStatus>>;
  /** The last 50 warnings that were emitted, the oldest first. */
  readonly warnings: readonly BridgeWarning[];
}

/** How often to check for states that follow from something not happening. */
const LOOK_MS = 250;
const DRAIN_TIMEOUT_MS = 10_000;
const TRACE_TIMEOUT_MS = 10_000;

/** Checks the configuration and returns a bridge that has not started. @throws ConfigError BRIDGE_CONFIG. */
export function createBridge(config: BridgeConfig): Bridge {
  return new Bridge(checkBridgeConfig(config).config);
}

/** The links of one configuration. createBridge() makes a bridge; it is started once and closed once. */
export class Bridge extends IsolatedEmitter<BridgeEvents> implements AsyncDisposable {
  /** Resolves when every link is over by its `until` or has failed, and when the bridge is closed. Never rejects. */
  readonly done: Promise<void>;
  readonly #links: readonly Link[];
  readonly #told = new Map<string, string>();
  readonly #warnings = new Warnings();
  readonly #ending = new AbortController();
  #resolveDone: () => void = () => {};
  #timer: NodeJS.Timeout | undefined;
  #started = false;
  #closing: Promise<void> | undefined;

  /** @internal Use createBridge(). */
  constructor(config: BridgeConfig) {
    super(BRIDGE_EMITTER);
    const shared = {
      twins: new TopicTwins(),
      names: new GroupNames(),
      onChange: () => this.#look(),
      onWarning: (warning: BridgeWarning) => {
        if (this.#warnings.add(warning)) this.emit("warning", warning);
      },
    };
    this.#links = Object.keys(config.links).map((name) => new Link({ name, config, ...shared }));
    this.done = new Promise((resolve) => {
      this.#resolveDone = resolve;
    });
  }

  /**
   * Call it once. Resolves when every link has its consumers, or has failed: a failed link is in status() with its
   * reason. Rejects with ABORTED, and closes the bridge, when `signal` fires before that.
   */
  async start({ signal }: { readonly signal?: AbortSignal | undefined } = {}): Promise<void> {
    if (this.#started || this.#closing) throw new InvalidArgumentError("start() is called once, before close()");
    this.#started = true;
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    const forget = signal ? onAbort(signal, () => void this.close({ drainTimeoutMs: 0 })) : () => {};
    if (signal?.aborted) await this.close({ drainTimeoutMs: 0 });
    await Promise.all(this.#links.map((link) => this.#run(link)));
    forget();
    if (signal?.aborted) throw new AbortError("start() was aborted before every link had begun", signal.reason);
    void Promise.all(this.#links.map((link) => this.#finish(link))).then(() => this.#resolveDone());
  }

  /** The state and the figures of every link, including failed ones. */
  status(): BridgeStatus {
    const links = Object.fromEntries(this.#links.map((link) => [link.name, link.status()]));
    return { links, warnings: this.#warnings.last };
  }

  /**
   * Tells where a message is: on its way, held, forwarded, a dead letter, or in a queue that can be browsed. `id` is the one
   * that its sender gave it, that a broker shows, or that the bridge gave it at the target. Every link remembers its last
   * 10,000 messages. Queues are browsed for up to `timeoutMs`, 10,000 unless said. Never rejects.
   */
  async trace(
    id: string,
    { signal, timeoutMs = TRACE_TIMEOUT_MS }: { readonly signal?: AbortSignal; readonly timeoutMs?: number } = {},
  ): Promise<TraceResult> {
    const limits = AbortSignal.any([AbortSignal.timeout(timeoutMs), ...(signal ? [signal] : [])]);
    return { id, ...joinTraces(await Promise.all(this.#links.map((link) => link.trace(id, limits)))) };
  }

  /**
   * Takes no more messages, waits up to `drainTimeoutMs` (10,000 by default) until those taken are settled, and closes
   * every connection; what is unsettled then stays with its source. Works in any state; idempotent; never rejects.
   */
  close({ drainTimeoutMs = DRAIN_TIMEOUT_MS }: { readonly drainTimeoutMs?: number } = {}): Promise<void> {
    this.#closing ??= this.#close(drainTimeoutMs);
    return this.#closing;
  }

  /** Shows the state of each link, and nothing else of what it holds. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const states = this.#links.map(({ name, state }) => [name, state.state]);
    return inspectedAs("Bridge", Object.fromEntries(states), depth, options);
  }

  /** Same as close(), for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #run(link: Link): Promise<void> {
    await link.start(this.#ending.signal);
    this.#look();
  }

  /** Closes a link that is over; the others go on. */
  async #finish(link: Link): Promise<void> {
    await link.over(this.#ending.signal);
    await link.close(DRAIN_TIMEOUT_MS);
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    this.#ending.abort();
    await Promise.all(this.#links.map((link) => link.close(drainTimeoutMs)));
    clearInterval(this.#timer);
    this.#look();
    this.#resolveDone();
  }

  /** Emits an event for each link whose state or reason has changed. */
  #look(): void {
    for (const { name, state: current } of this.#links) {
      const { state, reason, blockedBy } = current;
      const said = `${state} ${blockedBy ?? reason ?? ""}`;
      if (this.#told.get(name) === said) continue;
      this.#told.set(name, said);
      this.emit("link", { name, state, reason });
    }
  }
}
