/** A master/slave group for tests: members over one store, one of them active, to be crashed and stopped on command. */
import { type InspectOptions, inspect } from "node:util";
import { InvalidArgumentError, NoActiveEndpointError, UnsupportedError } from "../errors/errors.ts";
import { inspectedAs } from "../errors/inspected-as.ts";
import { type ClaimedPorts, claimPorts } from "./group/claimed-ports.ts";
import { type EmbeddedGroupOptions, type GroupShape, readGroupOptions } from "./group/group-options.ts";
import type { MemberControl, MemberNews, StartMemberControl } from "./group/member-control.ts";
import { createStoreDirectory, type StoreDirectory } from "./group/store-directory.ts";
import type { MemberStats } from "./member/member.ts";
import type { TestProtocol } from "./member/member-settings.ts";
import type { StoredMessageView } from "./member/message-view.ts";

/** The active member, and how long the group had none before it. */
export interface Takeover {
  /** The member that is active now. */
  readonly member: number;
  /** How long no member was active before this one, in ms. */
  readonly tookMs: number;
}

/** The figures of a group: those of its active member. */
export interface GroupStats extends MemberStats {
  /** The active member, whose figures these are. */
  readonly member: number;
}

/** The options of takeover(). */
export interface TakeoverOptions {
  /** The limit for the takeover, in ms; 10,000 by default. */
  readonly timeoutMs?: number | undefined;
}

/** Where a member listens while it is active. */
export interface MemberEndpoint {
  /** The protocol that is spoken there. */
  readonly scheme: TestProtocol | "stomp+ssl" | "amqps";
  /** The address that the member listens at. */
  readonly host: string;
  /** The port that it listens at. */
  readonly port: number;
}

/**
 * Starts the members and resolves when one of them is active. It is a test double: what it does not do (see docs/testing.md)
 * it refuses by name. Close it when the test ends. Rejects with InvalidArgumentError, or UnsupportedError when members are
 * to be child processes and the package was not built.
 */
export async function embeddedGroup(options: EmbeddedGroupOptions = {}): Promise<EmbeddedGroup> {
  const shape = readGroupOptions(options);
  const startControl = await memberControl(shape);
  const claim = await claimPorts(1 + shape.members * shape.protocols.length);
  const directory = await createStoreDirectory();
  const group = new EmbeddedGroup({ shape, claim, directory, startControl });
  try {
    await group.start();
  } catch (cause) {
    await group.close();
    throw cause;
  }
  return group;
}

/** Loaded on demand: only one process of the two ways needs the protocol libraries. */
async function memberControl({ inProcess }: GroupShape): Promise<StartMemberControl> {
  if (inProcess) {
    const { InProcessMember } = await import("./group/in-process-member.ts");
    return (settings, onNews) => new InProcessMember(settings, onNews);
  }
  const { ChildMember } = await import("./group/child-member.ts");
  return (settings, onNews) => new ChildMember(settings, onNews);
}

interface GroupParts {
  readonly shape: GroupShape;
  readonly claim: ClaimedPorts;
  readonly directory: StoreDirectory;
  readonly startControl: StartMemberControl;
}

const SECURE_SCHEMES = { stomp: "stomp+ssl", amqp: "amqps" } as const;

/** A group of brokers in memory, of which one is active, to be crashed on command. */
export class EmbeddedGroup implements AsyncDisposable {
  readonly #shape: GroupShape;
  readonly #claim: ClaimedPorts;
  readonly #directory: StoreDirectory;
  readonly #members: readonly MemberControl[];
  readonly #waiting = new Set<() => void>();
  #current: { readonly active: number | undefined; readonly sinceMs: number; readonly lostAtMs: number };
  #failure: string | undefined;
  #closed: Promise<void> | undefined;

  /** @internal Use embeddedGroup(). */
  constructor({ shape, claim, directory, startControl }: GroupParts) {
    this.#shape = shape;
    this.#claim = claim;
    this.#directory = directory;
    const now = performance.now();
    this.#current = { active: undefined, sinceMs: now, lostAtMs: now };
    const [lockPort = 0] = claim.ports;
    this.#members = Array.from({ length: shape.members }, (_, member) => {
      const ports = Object.fromEntries(shape.protocols.map((protocol) => [protocol, this.#port(member, protocol)]));
      return startControl({ ...shape, directory: directory.path, lockPort, ports }, (news) =>
        this.#onNews(member, news),
      );
    });
  }

  /** @internal */
  async start(): Promise<void> {
    // The first one alone, so that it is the active one, as the first in the list should be.
    await this.#members[0]?.start();
    await this.takeover();
    await Promise.all(this.#members.slice(1).map((member) => member.start()));
  }

  /** `masterslave:(stomp://127.0.0.1:p1,stomp://127.0.0.1:p2)`, or the plain endpoint of an only member; members keep their ports when they are started again. */
  uri(protocol: TestProtocol): string {
    const endpoints = this.endpoints(protocol).map(({ scheme, host, port }) => `${scheme}://${host}:${port}`);
    return endpoints.length === 1 ? endpoints.join() : `masterslave:(${endpoints.join(",")})`;
  }

  /** Where each member listens while it is active, for example to put a faultProxy before it. */
  endpoints(protocol: TestProtocol): readonly MemberEndpoint[] {
    if (!this.#shape.protocols.includes(protocol)) {
      throw new UnsupportedError(`This group was started without "${protocol}": add it to the option protocols`);
    }
    return this.#members.map((_, member) => ({
      scheme: this.#shape.tls ? SECURE_SCHEMES[protocol] : protocol,
      host: "127.0.0.1",
      port: this.#port(member, protocol),
    }));
  }

  /** The certificate of a group with `tls: true`, as PEM, for clients' `tls: { ca: group.ca }`; undefined for one without. */
  get ca(): string | undefined {
    return this.#shape.certificate?.cert;
  }

  #port(member: number, protocol: TestProtocol): number {
    const { protocols } = this.#shape;
    return this.#claim.ports[1 + member * protocols.length + protocols.indexOf(protocol)] ?? 0;
  }

  /** The index of the active member; undefined while none is. A paused member stays active, for it keeps the lock. */
  get active(): number | undefined {
    return this.#current.active;
  }

  /** Kills the active member (SIGKILL; in one process: sockets end unflushed, unsynced writes are lost) and resolves with its index when it is dead. */
  async crash(): Promise<number> {
    const member = this.#requireActive();
    await this.#control(member).crash();
    return member;
  }

  /** Resolves when a member is active, at once if one is; rejects with NoActiveEndpointError after `timeoutMs`, or when the last running member failed. */
  takeover({ timeoutMs = 10_000 }: TakeoverOptions = {}): Promise<Takeover> {
    return new Promise((resolve, reject) => {
      const done = () => {
        this.#waiting.delete(check);
        clearTimeout(timer);
      };
      const check = () => {
        const { active: member, sinceMs, lostAtMs } = this.#current;
        const hopeless = this.#failure !== undefined && !this.#members.some(({ running }) => running);
        if (member === undefined && !hopeless && !this.#closed) return;
        done();
        if (member !== undefined) resolve({ member, tookMs: sinceMs - lostAtMs });
        else reject(new NoActiveEndpointError(this.#failure ?? "The group is closed", []));
      };
      const timer = setTimeout(() => {
        done();
        const why = this.#failure === undefined ? "" : `: ${this.#failure}`;
        reject(new NoActiveEndpointError(`No member became active within ${timeoutMs} ms${why}`, []));
      }, timeoutMs);
      this.#waiting.add(check);
      check();
    });
  }

  /** crash(), takeover(), and the crashed member started again as standby. A group of one member: started again, then active. */
  async failover(options: TakeoverOptions = {}): Promise<Takeover> {
    const crashed = await this.crash();
    if (this.#members.some((member) => member.running)) {
      const takeover = await this.takeover(options);
      await this.restart(crashed);
      return takeover;
    }
    await this.restart(crashed);
    return this.takeover(options);
  }

  /** Starts a crashed or stopped member again, as standby. Nothing happens when it runs. */
  async restart(member: number): Promise<void> {
    this.#requireOpen();
    const control = this.#control(member);
    if (!control.running) await control.start();
  }

  /** Ends a member in the orderly way: AMQP clients get `amqp:connection:forced`, STOMP clients an end of stream. Resolves when it is over. */
  async stop(member: number): Promise<void> {
    await this.#control(member).stop();
  }

  /** SIGSTOP: it keeps the lock and its sockets and says nothing more. @throws UnsupportedError in one process. */
  pause(member: number): void {
    this.#control(member).pause();
  }

  /** SIGCONT. @throws UnsupportedError in one process. */
  resume(member: number): void {
    this.#control(member).resume();
  }

  /** The figures of the active member, since it became active. */
  async stats(): Promise<GroupStats> {
    const member = this.#requireActive();
    return { member, ...(await this.#control(member).stats()) };
  }

  /** The messages of a queue, given by its bare name, in order: delivered and undelivered ones, but no settled ones. */
  async messages(queue: string): Promise<readonly StoredMessageView[]> {
    return this.#control(this.#requireActive()).messages(queue);
  }

  /** Ends every member, frees the ports and removes the store. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  /** Shows how many members there are and which is active, and nothing else of what it holds. */
  [inspect.custom](depth: number, options: InspectOptions): string {
    const { members, protocols } = this.#shape;
    return inspectedAs("EmbeddedGroup", { members, protocols, active: this.active }, depth, options);
  }

  /** Same as close(), for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    await Promise.all(this.#members.map((member) => member.crash()));
    this.#wake();
    await this.#claim.release();
    await this.#directory.remove();
  }

  #onNews(member: number, news: MemberNews): void {
    const { active, sinceMs, lostAtMs } = this.#current;
    if (news.kind === "standby") this.#failure = undefined;
    else if (news.kind === "active") {
      this.#current = { active: member, sinceMs: performance.now(), lostAtMs };
    } else if (news.kind === "failed") this.#failure = `Member ${member} failed: ${news.reason}`;
    else if (news.kind === "over" && member === active) {
      this.#current = { active: undefined, sinceMs, lostAtMs: performance.now() };
    }
    this.#wake();
  }

  #wake(): void {
    for (const check of [...this.#waiting]) check();
  }

  #requireOpen(): void {
    if (this.#closed) throw new UnsupportedError("The group is closed");
  }

  #requireActive(): number {
    this.#requireOpen();
    const { active } = this.#current;
    if (active === undefined) throw new UnsupportedError("No member is active now; wait for takeover()");
    return active;
  }

  #control(member: number): MemberControl {
    const control = this.#members[member];
    if (control === undefined) {
      throw new InvalidArgumentError(`There is no member ${member}: they are 0 to ${this.#members.length - 1}`);
    }
    return control;
  }
}
