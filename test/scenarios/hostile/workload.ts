/** What a user does on a connection while its peer misbehaves: everything settles, well or with a typed error. */
import { createConnection } from "../../../src/connect/connect.ts";
import type { ConnectionOptions } from "../../../src/connect/connect-options.ts";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import type { Connection } from "../../../src/messaging/connection/connection.ts";

/** How an operation ended: "done", or the code of its error. */
export type Outcomes = Readonly<Record<"send" | "receive" | "transaction" | "request" | "browse" | "close", string>>;

export interface Worked {
  readonly outcomes: Outcomes;
  /** Codes of what ended sessions and attempts, in order. */
  readonly troubles: readonly string[];
  /** Every error that was told, with its message and causes. */
  readonly errors: readonly unknown[];
}

/** Only finds what hangs. */
const LONGEST_MS = 60_000;
/** Impatient with a silent peer, but not with a process that plays many of these at a time. */
const OPTIONS: ConnectionOptions = {
  heartbeatMs: 2000,
  attemptTimeout: 4000,
  attemptStagger: 60_000,
  minConnectTime: 0,
  maxReconnectDelay: 100,
};

export async function work(uri: string, queue: string, options: ConnectionOptions = {}): Promise<Worked> {
  const connection = createConnection(uri, { ...OPTIONS, ...options });
  const [troubles, errors]: [string[], unknown[]] = [[], []];
  const note = (error: MasterSlaveError) => {
    troubles.push(error.code);
    errors.push(error);
  };
  connection.on("interrupted", ({ cause }) => note(cause));
  connection.on("attempt", ({ outcome }) => outcome === "session" || note(outcome));
  const outcome = (what: string, promise: Promise<unknown>) => settled(what, promise, errors);
  try {
    const connected = await outcome("connect", connection.connect());
    if (connected !== "done") throw new Error(`connect() rejected with ${connected}`);
    const [receive, [send, transaction, request, browse]] = await Promise.all([
      outcome("receive", receiveOne(connection, queue)),
      Promise.all([
        outcome("send", connection.send(queue, "one", { timeoutMs: LONGEST_MS / 2 })),
        outcome("transaction", transact(connection, queue)),
        outcome("request", ask(connection, queue)),
        outcome("browse", look(connection, queue)),
      ]),
    ]);
    const close = await outcome("close", connection.close());
    return { outcomes: { send, receive, transaction, request, browse, close }, troubles, errors };
  } finally {
    await connection.close({ drainTimeoutMs: 0 });
  }
}

async function settled(what: string, promise: Promise<unknown>, errors: unknown[]): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<string>((resolve) => {
    timer = setTimeout(resolve, LONGEST_MS, "never settles");
  });
  const ended = promise.then(
    () => "done",
    (error: unknown) => {
      errors.push(error);
      return error instanceof MasterSlaveError ? error.code : `${what} is no error of ours: ${error}`;
    },
  );
  return Promise.race([ended, late]).finally(() => clearTimeout(timer));
}

async function receiveOne(connection: Connection, queue: string): Promise<void> {
  const consumer = connection.consume(queue, { prefetch: 5 });
  for await (const delivery of consumer) {
    delivery.message.text();
    // What is stale comes again.
    if ((await delivery.accept()) === "settled") break;
  }
}

function transact(connection: Connection, queue: string): Promise<unknown> {
  return connection.transaction((tx) => tx.send(`${queue}.tx`, "member"), { timeoutMs: LONGEST_MS / 2 });
}

async function ask(connection: Connection, queue: string): Promise<void> {
  const responder = connection.respond(`${queue}.ask`, async () => "answer");
  try {
    await connection.request(`${queue}.ask`, "question", { timeoutMs: LONGEST_MS / 4 });
  } finally {
    await responder.close();
  }
}

async function look(connection: Connection, queue: string): Promise<void> {
  await connection.send(`${queue}.shown`, "shown", { timeoutMs: LONGEST_MS / 2 });
  for await (const _message of connection.browse(`${queue}.shown`)) break;
}
