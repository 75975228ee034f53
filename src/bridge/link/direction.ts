/** One direction of a link: two connections, what it takes from one, and what it sends to the other. */
import { MasterSlaveError } from "../../errors/errors.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import type { ConsumeOptions } from "../../messaging/receiving/consuming/consume-options.ts";
import type { BridgeGroup, BridgeLink } from "../config/bridge-config.ts";
import { InFlightBudget } from "../forwarding/budget.ts";
import { type LinkCounts, noCounts } from "../forwarding/counts.ts";
import { deadLetterQueue } from "../forwarding/dead-letters.ts";
import { Forwarder } from "../forwarding/forwarder.ts";
import { Gate } from "../forwarding/gate.ts";
import type { TopicTwins } from "../forwarding/topic-twins.ts";
import { pathSelector } from "../routing/path.ts";
import { type DestinationPattern, formatPattern } from "../routing/pattern.ts";
import { type Route, targetOf } from "../routing/route.ts";
import type { GroupNames } from "../watch/group-names.ts";
import { type TraceResult, traceMessage } from "../watch/message-trace.ts";
import type { BridgeWarning } from "../watch/watched-group.ts";
import { Intake } from "./intake.ts";
import { LinkHealth } from "./link-health.ts";
import type { LinkState } from "./link-state.ts";
import { hasPriorities, lossesOf } from "./losses.ts";
import { isOneBroker } from "./one-broker.ts";
import { type OpenGroup, openGroup } from "./open-group.ts";
import { waitUntilOver } from "./until.ts";
import { watchOf } from "./watch-of.ts";

export interface DirectionSettings {
  readonly link: string;
  readonly settings: BridgeLink;
  readonly route: Route;
  readonly from: { readonly name: string; readonly group: BridgeGroup };
  readonly to: { readonly name: string; readonly group: BridgeGroup };
  readonly twins: TopicTwins;
  readonly names: GroupNames;
  readonly onWarning: (warning: BridgeWarning) => void;
  /** The state may be another. */
  readonly onChange: () => void;
}

/** Over STOMP, Classic stalls when prefetch times the size of an ACK passes 64 KiB. */
const STOMP_PREFETCH = 200;
const DEFAULT_IN_FLIGHT = 1_000;
const DEFAULT_IN_FLIGHT_BYTES = 16 * 1024 * 1024;
/** As Classic's own network connectors (decreaseNetworkConsumerPriority). */
const BEHIND_LOCAL = -5;
/** How often a drain looks whether everything is settled. */
const DRAIN_LOOK_MS = 10;

export class Direction {
  readonly counts: LinkCounts = noCounts();
  readonly source: OpenGroup;
  readonly target: OpenGroup;
  readonly #deps: DirectionSettings;
  readonly #forwarder: Forwarder;
  readonly #intake: Intake;
  readonly #health: LinkHealth;
  #closing: Promise<void> | undefined;

  constructor(deps: DirectionSettings) {
    const { settings, from, to, link } = deps;
    const { maxInFlight = DEFAULT_IN_FLIGHT, maxInFlightBytes = DEFAULT_IN_FLIGHT_BYTES, durable } = settings;
    const limits = { maxInFlight, maxInFlightBytes };
    this.#deps = deps;
    const clientId = durable ? `bridge-${link}-${from.name}` : undefined;
    this.source = openGroup(from.name, from.group, { ...limits, clientId });
    this.target = openGroup(to.name, to.group, limits);
    const budget = new InFlightBudget({ maxCount: maxInFlight, maxBytes: maxInFlightBytes });
    const gate = new Gate();
    this.#forwarder = this.#makeForwarder(budget, gate, maxInFlight);
    this.#health = this.#makeHealth(budget, gate);
    this.#intake = this.#makeIntake(budget, gate, maxInFlight);
  }

  get state(): LinkState {
    return this.#health.state;
  }

  get figures() {
    const { pending, unacknowledged, lastProgressAtMs } = this.#forwarder;
    const { canary, blockedBySelector } = this.#health.watch;
    return { pending, unacknowledged, lastProgressAtMs, canary, blockedBySelector };
  }

  /** What is known of a message of this id, and where it lies. Never rejects. */
  trace(id: string, signal: AbortSignal): Promise<Omit<TraceResult, "id">> {
    const { source, target } = this;
    const { link, route, settings } = this.#deps;
    const { queues } = this.#intake;
    const targets = queues.flatMap((name) => targetOf(route, { kind: "queue", name }) ?? []);
    const deps = {
      link,
      source,
      target,
      forwarder: this.#forwarder,
      queues,
      targets: targets.filter(({ kind }) => kind === "queue").map(formatDestination),
      deadLetters: deadLetterQueue({ source: source.connection, queue: settings.deadLetter }),
    };
    return traceMessage(id, deps, signal);
  }

  /** Resolves when every source has its consumer, or the direction has failed. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    const { source, target } = this;
    try {
      await Promise.all([source.connection.connect({ signal }), target.connection.connect({ signal })]);
      this.#refuseLosses();
      await this.#refuseOneBroker(signal);
      if (this.#health.isFailed || this.#closing) return;
      await this.#intake.start();
      this.#health.began();
    } catch (thrown) {
      const { code, message } = MasterSlaveError.from(thrown);
      if (!this.#closing) this.#health.fail(code, message);
    }
  }

  /** Resolves when `until` is fulfilled, or the direction has failed or was closed; never for `forever`. */
  async over(signal: AbortSignal): Promise<void> {
    const { until = "forever" } = this.#deps.settings;
    await waitUntilOver(until, signal, {
      source: this.source,
      sources: this.#deps.route.sources,
      selectorOf: (source) => this.#selectorOf(source),
      intake: this.#intake,
      unacknowledged: () => this.#forwarder.unacknowledged,
      isFailed: () => this.#health.isFailed,
    });
  }

  /** Takes nothing more, waits until what was taken is settled, and closes both connections. Idempotent; never rejects. */
  close(drainTimeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(drainTimeoutMs);
    return this.#closing;
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    this.#intake.stop();
    const until = performance.now() + drainTimeoutMs;
    while (this.#forwarder.unacknowledged > 0 && performance.now() < until && !this.#forwarder.holding.reason)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    this.#forwarder.holding.close();
    await this.#intake.close();
    await Promise.all([this.source, this.target].map(({ connection }) => connection.close({ drainTimeoutMs: 1_000 })));
    this.#health.stopped();
  }

  #refuseLosses(): void {
    const { link, settings } = this.#deps;
    const losses = settings.strict ? lossesOf(link, settings, this.source, this.target) : [];
    const reason = losses
      .filter(({ severity }) => severity === "warning")
      .map(({ code, message }) => `${code}: ${message}`)
      .join("; ");
    if (reason !== "") this.#health.fail("STRICT", reason);
  }

  async #refuseOneBroker(signal: AbortSignal): Promise<void> {
    const { source, target } = this;
    const { from, to } = this.#deps;
    if (from.name === to.name || !(await isOneBroker(source.connection, target.connection, signal))) return;
    const reason = `the groups ${from.name} and ${to.name} are one broker: what is published in one arrives in the other`;
    this.#health.fail("OWN_GROUP", reason);
  }

  #makeForwarder(budget: InFlightBudget, gate: Gate, maxInFlight: number): Forwarder {
    const { link, settings, route, twins, onChange } = this.#deps;
    const { source, target, counts } = this;
    const { maxHops = 1, headers, map, convert, deadLetter: queue } = settings;
    const { protocol } = source;
    return new Forwarder({
      rules: {
        link,
        route,
        headers,
        protocol,
        convert,
        targetProtocol: target.protocol,
        path: { from: source.id, to: target.id, maxHops, move: source.name === target.name },
      },
      deadLetters: {
        source: source.connection,
        protocol,
        link,
        group: source.id,
        queue,
      },
      target: target.connection,
      map,
      budget,
      gate,
      counts,
      twins,
      maxInFlight,
      onHold: onChange,
    });
  }

  #makeHealth(budget: InFlightBudget, gate: Gate): LinkHealth {
    const { source, target } = this;
    const { link, settings, from, names, onWarning, onChange } = this.#deps;
    const watch = watchOf({
      ...{ link, settings, source, target, names, budget, gate, onWarning, onChange },
      sourceSettings: from.group,
      queues: () => this.#intake.queues,
      lastTakenAt: () => this.#intake.lastTakenAt,
      unacknowledged: () => this.#forwarder.unacknowledged,
    });
    return new LinkHealth({
      watch,
      source: this.source.connection,
      target: this.target.connection,
      gate,
      hold: () => this.#forwarder.holding.reason,
      pending: () => this.#forwarder.pending,
      progressAtMs: () => this.#forwarder.lastProgressAtMs,
      onSourceInterrupted: () => this.#forwarder.sourceInterrupted(),
      onChange: this.#deps.onChange,
    });
  }

  #makeIntake(budget: InFlightBudget, gate: Gate, maxInFlight: number): Intake {
    const { settings, route } = this.#deps;
    const { until, concurrency = 1 } = settings;
    return new Intake({
      source: this.source,
      sources: route.sources,
      concurrency,
      optionsOf: (source) => this.#consumeOptions(source, maxInFlight, concurrency),
      budget,
      gate,
      limit: typeof until === "object" && "messages" in until ? until.messages : Number.POSITIVE_INFINITY,
      forward: (delivery, bytes) => this.#forwarder.take(delivery, bytes),
      onRefused: (destination, refusal) => {
        // Its deliveries ended with it.
        if (refusal) this.#forwarder.sourceInterrupted();
        this.#health.refused(destination, refusal);
      },
    });
  }

  #consumeOptions(source: DestinationPattern, maxInFlight: number, concurrency: number): ConsumeOptions {
    const { settings, link } = this.#deps;
    const most = this.source.protocol === "stomp" ? STOMP_PREFETCH : maxInFlight;
    const selector = this.#selectorOf(source);
    return {
      prefetch: Math.max(1, Math.min(most, Math.floor(maxInFlight / concurrency))),
      ...(selector !== undefined && { selector }),
      ...this.#priorityOf(source),
      ...(settings.durable && source.kind === "topic" && { durable: `${link} ${formatPattern(source)}` }),
    };
  }

  /** Local consumers first, where the broker can do that; what the user said is asked for in any case. */
  #priorityOf({ kind }: DestinationPattern): Pick<ConsumeOptions, "priority"> {
    const { priority } = this.#deps.settings;
    if (kind !== "queue") return {};
    if (priority !== undefined) return { priority };
    return hasPriorities(this.source) ? { priority: BEHIND_LOCAL } : {};
  }

  /** Of queues alone: on topics a changed selector deletes what a durable subscription holds, and we filter ourselves. */
  #selectorOf({ kind }: DestinationPattern): string | undefined {
    const { settings } = this.#deps;
    const { connection } = this.source;
    if (
      kind === "topic" ||
      this.source.name === this.target.name ||
      connection.broker?.product === "masterslave-embedded"
    )
      return undefined;
    return pathSelector({ from: this.source.id, to: this.target.id, maxHops: settings.maxHops ?? 1 });
  }
}
