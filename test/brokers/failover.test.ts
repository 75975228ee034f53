/**
 * Failover on real brokers for every combination: a clean stop, a stopped process, a kill, bad logins and bad messages.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Connection,
  type ConnectionEvents,
  connect,
  createConnection,
  type MasterSlaveError,
} from "../../src/index.ts";
import {
  MEMBER_NAMES,
  type MemberName,
  otherMember,
  type Protocol,
  RESTRICTED_CREDENTIALS,
  type RealGroup,
  startGroup,
} from "./real-group.ts";

const HEARTBEAT_MS = 1_000;
let queues = 0;

for (const product of ["classic", "artemis"] as const) {
  describe.sequential(`${product} pair`, () => {
    let group: RealGroup;
    beforeAll(async () => {
      group = await startGroup(product, product === "classic" ? { maxMessageBytes: 200_000 } : {});
    });
    afterAll(() => group?.close());

    describe.sequential.each(["stomp", "amqp"] as const)("over %s", (protocol) => {
      const open = (credentials = group.credentials) =>
        connect(group.uri(protocol), { credentials, heartbeatMs: HEARTBEAT_MS });
      const openRestricted = () => open(RESTRICTED_CREDENTIALS);

      it("goes to the other member when the active one is stopped cleanly, and loses nothing", async () => {
        await usingConnection(open, async (connection) => {
          const traffic = new Traffic(connection);
          await traffic.run(200);
          const interrupted = next(connection, "interrupted");
          const restored = next(connection, "restored");
          const stopped = activeMember(group, connection, protocol);
          const gone = group.stop(stopped);
          expect((await interrupted).cause.retryable).toBe(true);
          expect((await restored).endpoint.port).toBe(group.endpoint(otherMember(stopped), protocol).port);
          await gone;
          await group.start(stopped);
          await traffic.expectNothingLost();
        });
      });

      it("notices a stopped process by its heart-beat, stays interrupted while it keeps the lock, and is restored when it goes on", async () => {
        await usingConnection(open, async (connection) => {
          const traffic = new Traffic(connection);
          await traffic.run(50);
          const member = activeMember(group, connection, protocol);
          const interrupted = next(connection, "interrupted");
          const pausedAt = performance.now();
          await group.pause(member);
          try {
            const { cause, atMs } = await interrupted;
            expect(cause.code).toBe("HEARTBEAT_LOST");
            const intervals = (atMs - pausedAt) / HEARTBEAT_MS;
            console.info(
              `${product} ${protocol}: a stopped process noticed after ${intervals.toFixed(2)} heart-beat intervals`,
            );
            // The library promises 2.2; the rest is a tolerance for a busy machine.
            expect(intervals).toBeLessThan(3.2);
            await sleep(1_000);
            expect(connection.state.name).toBe("interrupted");
          } finally {
            await group.resume(member);
          }
          await untilConnected(connection);
          await traffic.expectNothingLost();
        });
      });

      it("goes to the other member when a stopped process is killed", async () => {
        await usingConnection(open, async (connection) => {
          const traffic = new Traffic(connection);
          await traffic.run(50);
          const member = activeMember(group, connection, protocol);
          const interrupted = next(connection, "interrupted");
          const restored = next(connection, "restored");
          await group.pause(member);
          expect((await interrupted).cause.code).toBe("HEARTBEAT_LOST");
          await group.kill(member);
          expect((await restored).endpoint.port).toBe(group.endpoint(otherMember(member), protocol).port);
          await group.start(member);
          await traffic.expectNothingLost();
        });
      });

      it("stops at the first endpoint that refuses the password", async () => {
        const connection = createConnection(group.uri(protocol), {
          credentials: { username: "app", password: "wr\u00f6ng-s3cret" },
        });
        const answers: string[] = [];
        connection.on("attempt", ({ outcome }) => answers.push(outcome === "session" ? "session" : outcome.code));
        const failure: MasterSlaveError = await connection.connect().then(
          () => expect.unreachable("the password is wrong"),
          (error) => error,
        );
        expect(failure.code).toBe("AUTHENTICATION_FAILED");
        // The active member refuses the login. A standby listed before it may have refused the connection; a later one
        // is not tried.
        expect(answers.at(-1)).toBe("AUTHENTICATION_FAILED");
        expect(answers.slice(0, -1).every((code) => code === "ENDPOINT_REFUSED")).toBe(true);
        expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain("s3cret");
        expect(connection.state.name).toBe("closed");
      });

      it("rejects a send to a queue it may not write to, and confirms the others", async () => {
        await usingConnection(openRestricted, async (connection) => {
          const forbidden = connection.send("queue://forbidden.orders", "x");
          const allowed = connection.send(nextQueue(), "x");
          await expect(forbidden).rejects.toMatchObject({
            code: expect.stringMatching(/^(SEND_REJECTED|POISON_SEND)$/),
          });
          await expect(allowed).resolves.toMatchObject({ id: expect.any(String) });
        });
      });

      it("ends a consumer whose subscription is refused, and keeps the connection", async () => {
        await usingConnection(openRestricted, async (connection) => {
          const consumer = connection.consume("queue://forbidden.orders");
          await expect(consumer.next()).rejects.toMatchObject({ code: "SUBSCRIPTION_REFUSED" });
          await untilConnected(connection);
          await expect(connection.send(nextQueue(), "x")).resolves.toBeDefined();
        });
      });

      if (product === "classic") {
        it("rejects a message larger than the broker takes, and confirms what was sent around it", async () => {
          await usingConnection(open, async (connection) => {
            const before = connection.send(nextQueue(), "before");
            const large = connection.send(nextQueue(), Buffer.alloc(400_000));
            const after = connection.send(nextQueue(), "after");
            await expect(large).rejects.toMatchObject({
              code: expect.stringMatching(/^(MESSAGE_TOO_LARGE|POISON_SEND|SEND_REJECTED)$/),
            });
            await expect(Promise.all([before, after])).resolves.toHaveLength(2);
          });
        });
      }
    });
  });
}

/** Sends to a queue of its own and takes everything back. */
class Traffic {
  readonly #connection: Connection;
  readonly #queue = nextQueue();
  readonly #sends: Promise<unknown>[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  async run(count: number): Promise<void> {
    for (let n = 0; n < count; n++) this.#send();
    await Promise.all(this.#sends);
    // These sends are in flight when the test goes on.
    for (let n = 0; n < 20; n++) this.#send();
  }

  async expectNothingLost(): Promise<void> {
    this.#send();
    await Promise.all(this.#sends);
    const seen: number[] = [];
    for await (const delivery of this.#connection.consume(this.#queue)) {
      const n = Number(delivery.message.properties["n"]);
      if (!seen.includes(n)) seen.push(n);
      await delivery.accept();
      if (n === this.#sends.length - 1) break;
    }
    expect(seen).toEqual(this.#sends.map((_, n) => n));
  }

  #send(): void {
    this.#sends.push(this.#connection.send(this.#queue, "x", { properties: { n: this.#sends.length } }));
  }
}

function nextQueue(): string {
  queues += 1;
  return `queue://open.failover.${process.pid}.${queues}`;
}

async function usingConnection(
  open: () => Promise<Connection>,
  use: (connection: Connection) => Promise<void>,
): Promise<void> {
  const connection = await open();
  try {
    await use(connection);
  } finally {
    await connection.close({ drainTimeoutMs: 1_000 });
  }
}

function next<E extends keyof ConnectionEvents>(connection: Connection, event: E): Promise<ConnectionEvents[E][0]> {
  return new Promise((resolve) => {
    const listener = (payload: ConnectionEvents[E][0]) => resolve(payload);
    connection.once(event, listener as never);
  });
}

async function untilConnected(connection: Connection): Promise<void> {
  while (connection.state.name === "interrupted") await next(connection, "restored");
  expect(connection.state.name).toBe("connected");
}

function activeMember(group: RealGroup, connection: Connection, protocol: Protocol): MemberName {
  const member = MEMBER_NAMES.find((name) => group.endpoint(name, protocol).port === connection.endpoint?.port);
  if (!member) throw new Error("The connection has no active endpoint of this group");
  return member;
}
