/** One direction of a link: a connection to each group, what it takes from the one, and what it sends to the other. */
import { MasterSlaveError } from "../../errors/errors.ts";
import { formatDestination } from "../../messaging/messages/destination.ts";
import type { BridgeGroup, BridgeLink } from "../config/bridge-config.ts";
import { DemandControl } from "../demand/demand-control.ts";
import { InFlightBudget } from "../forwarding/budget.ts";
import { type LinkCounts, noCounts } from "../forwarding/counts.ts";
import { deadLetterQueue } from "../forwarding/dead-letters.ts";
import { Forwarder } from "../forwarding/forwarder.ts";
import { Gate } from "../forwarding/gate.ts";
import type { TopicTwins } from "../forwarding/topic-twins.ts";
import { type Route, targetOf } from "../routing/route.ts";
import type { GroupNames } from "../watch/group-names.ts";
import { type TraceResult, traceMessage } from "../watch/message-trace.ts";
import type { BridgeWarning } from "../watch/watched-group.ts";
import { Intake } from "./intake.ts";
import { LinkHealth } from "./link-health.ts";
import type { LinkState } from "./link-state.ts";
import { type OpenGroup, openGroup } from "./open-group.ts";
import { pathRuleOf, type SourceOptionsDeps, selectorOf, sourceOptions } from "./source-options.ts";
import { startProblem } from "./start-problems.ts";
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
  /**
   * The name of another link, or of the other direction, that takes from the target what this direction sends there.
   */
  readonly takenBack: string | undefined;
  /** The other direction of a duplex link. */
  readonly opposite: () => Direction | undefined;
  /** Called when the state may have changed. */
  readonly onChange: () => void;
}

const DEFAULT_IN_FLIGHT = 1_000;
const DEFAULT_IN_FLIGHT_BYTES = 16 * 1024 * 1024;
/** How often a process on standby asks for the client id, or for a durable subscription. */
const STANDBY_WAIT_MS = 2_000;
/** How often a drain checks whether everything is settled. */
const DRAIN_LOOK_MS = 10;
/** What a failed direction has taken is settled within this time, or goes back to the source. */
const FAILED_DRAIN_MS = 5_000;

const UNREADABLE =
  "an advisory about a consumer could not be read and was left out; allow nobody but the broker to write to ActiveMQ.Advisory.>";

export class Direction {
  readonly source: OpenGroup;
  readonly target: OpenGroup;
  readonly #deps: DirectionSettings;
  readonly #forwarder: Forwarder;
  readonly #intake: Intake;
  readonly #health: LinkHealth;
  readonly demand: DemandControl | undefined;
  #closing: Promise<void> | undefined;

  constructor(deps: DirectionSettings) {
    const { settings, from, to, link } = deps;
    const { maxInFlight = DEFAULT_IN_FLIGHT, maxInFlightBytes = DEFAULT_IN_FLIGHT_BYTES, durable } = settings;
    const limits = { maxInFlight, maxInFlightBytes };
    this.#deps = deps;
    const clientId = durable ? `bridge-${link}-${from.name}` : undefined;
    this.source = openGroup(from.name, from.group, {
      ...limits,
      clientId,
      maxReconnectDelay: durable && settings.exclusive ? STANDBY_WAIT_MS : undefined,
    });
    this.target = openGroup(to.name, to.group, limits);
    const budget = new InFlightBudget({ maxCount: maxInFlight, maxBytes: maxInFlightBytes });
    const gate = new Gate();
    this.#forwarder = this.#makeForwarder(budget, gate, maxInFlight);
    this.demand = settings.demand ? this.#makeDemand() : undefined;
    this.#health = this.#makeHealth(budget, gate);
    this.#intake = this.#makeIntake(budget, gate, maxInFlight);
  }

  get state(): LinkState {
    return this.#health.state;
  }

  get counts(): LinkCounts {
    return this.#forwarder.counts;
  }

  get figures() {
    const { pending, unacknowledged, lastProgressAtMs } = this.#forwarder;
    const { canary, blockedBySelector } = this.#health.watch;
    return { pending, unacknowledged, lastProgressAtMs, canary, blockedBySelector };
  }

  /** Resolves with what is known about the message of this id, and with the queues it lies in. Never rejects. */
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

  /** Resolves when every source has its consumer, or the direction stands by or has failed. Never rejects. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.race([this.#begin(signal), this.#health.standby.found]);
  }

  /** Call it when the other direction has news of consumers in the source group. */
  localChanged(): void {
    if (this.#deps.settings.returnWhenNoConsumers) this.demand?.look();
  }

  async #begin(signal: AbortSignal): Promise<void> {
    const { source, target } = this;
    try {
      await Promise.all([source.connection.connect({ signal }), target.connection.connect({ signal })]);
      const problem = await startProblem({ ...this.#deps, source, target, signal });
      if (problem) this.#health.fail(problem.code, problem.reason);
      if (this.#health.isFailed || this.#closing) return;
      if (this.demand) await this.demand.start(signal);
      else this.#intake.take(this.#deps.route.sources.map((pattern) => ({ pattern, returns: false })));
      if (this.#health.isFailed || this.#closing) return;
      await this.#intake.start();
      this.#health.began();
    } catch (thrown) {
      const { code, message } = MasterSlaveError.from(thrown);
      if (!this.#closing) this.#health.fail(code, message);
    }
  }

  /**
   * Resolves when `until` is fulfilled, or when the direction has failed or was closed; stays pending for `forever`.
   */
  async over(signal: AbortSignal): Promise<void> {
    const { until = "forever" } = this.#deps.settings;
    await waitUntilOver(until, signal, {
      source: this.source,
      sources: this.#deps.route.sources,
      selectorOf: (source) => selectorOf(source, this.#sourceDeps(1)),
      intake: this.#intake,
      unacknowledged: () => this.#forwarder.unacknowledged,
      isFailed: () => this.#health.isFailed,
    });
  }

  /**
   * Takes no more messages, waits until those taken are settled, and closes both connections. Idempotent; never
   * rejects.
   */
  close(drainTimeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(drainTimeoutMs);
    return this.#closing;
  }

  async #close(drainTimeoutMs: number): Promise<void> {
    this.#intake.stop();
    await this.demand?.close();
    const until = performance.now() + drainTimeoutMs;
    while (this.#forwarder.isSettling && performance.now() < until)
      await new Promise((resolve) => setTimeout(resolve, DRAIN_LOOK_MS));
    this.#forwarder.close();
    await this.#intake.close();
    await Promise.all([this.source, this.target].map(({ connection }) => connection.close({ drainTimeoutMs: 1_000 })));
    this.#health.stopped();
  }

  #makeDemand(): DemandControl {
    const { link, settings, route, to, opposite, onChange, onWarning } = this.#deps;
    const watched = openGroup(to.name, to.group, { maxInFlight: 1, maxInFlightBytes: 1 });
    const { demandUnavailable = "stop", returnWhenNoConsumers } = settings;
    const control = new DemandControl({
      source: this.source.connection,
      target: watched.connection,
      targetProtocol: watched.protocol,
      route,
      whenUnavailable: demandUnavailable,
      local: () => (returnWhenNoConsumers ? opposite()?.demand?.watch : undefined),
      take: (sources) => this.#intake.take(sources),
      onChange: () => {
        control.look();
        opposite()?.localChanged();
        onChange();
      },
      fail: (code, reason) => this.#health.fail(code, reason),
      onUnreadable: () => onWarning({ link, group: to.name, code: "ADVISORY_UNREADABLE", message: UNREADABLE }),
    });
    return control;
  }

  #makeForwarder(budget: InFlightBudget, gate: Gate, maxInFlight: number): Forwarder {
    const { link, settings, route, twins, onChange } = this.#deps;
    const { source, target } = this;
    const { headers, map, convert, deadLetter: queue } = settings;
    const { protocol } = source;
    return new Forwarder({
      rules: {
        link,
        route,
        headers,
        protocol,
        convert,
        targetProtocol: target.protocol,
        path: pathRuleOf({ source, target, settings }),
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
      counts: noCounts(),
      twins,
      maxInFlight,
      onHold: onChange,
      comesAgain: (count) => this.#intake.comesAgain(count),
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
      ...{ watch, settings, gate, onChange, source: source.connection, target: target.connection },
      hold: () => this.#forwarder.refusal,
      demand: () => this.demand?.problem,
      pending: () => this.#forwarder.pending,
      progressAtMs: () => this.#forwarder.lastProgressAtMs,
      onSourceInterrupted: () => this.#forwarder.sourceInterrupted(),
      onFailed: () => void this.close(FAILED_DRAIN_MS),
    });
  }

  #makeIntake(budget: InFlightBudget, gate: Gate, maxInFlight: number): Intake {
    const { settings, route } = this.#deps;
    const { until, concurrency = 1, exclusive, durable, demand } = settings;
    return new Intake({
      source: this.source,
      listed: demand ? [] : route.sources,
      isRouted: (name) => targetOf(route, { kind: "queue", name }) !== undefined,
      concurrency,
      optionsOf: (source) => sourceOptions(source, this.#sourceDeps(maxInFlight)),
      budget,
      gate,
      limit: typeof until === "object" && "messages" in until ? until.messages : Number.POSITIVE_INFINITY,
      forward: (delivery, bytes) => {
        this.#health.standby.given();
        return this.#forwarder.take(delivery, bytes);
      },
      onRefused: (destination, refusal) => {
        // The deliveries of a refused consumer have become stale.
        if (refusal) this.#forwarder.consumerEnded();
        this.#health.refused(destination, refusal);
      },
      onLeft: () => this.#forwarder.consumerEnded(),
      longestWaitMs: exclusive && durable ? STANDBY_WAIT_MS : undefined,
    });
  }

  #sourceDeps(maxInFlight: number): SourceOptionsDeps {
    const { link, settings } = this.#deps;
    return { link, settings, source: this.source, target: this.target, maxInFlight };
  }
}
