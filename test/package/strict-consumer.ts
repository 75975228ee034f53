/**
 * A program that uses every entry as a strict project would. surface.test.ts compiles it and reads the names below;
 * nobody runs it.
 */
import {
  type Connection,
  type ConnectionEvents,
  type ConnectionStatus,
  type ConnectionWarning,
  type ConnectOptions,
  connect,
  type Delivery,
  type ErrorCode,
  type GroupOptions,
  MasterSlaveError,
  type MasterSlaveUri,
  parseMasterSlaveUri,
  SendInDoubtError,
} from "masterslave-transport";
import * as amqp from "masterslave-transport/amqp";
import * as stomp from "masterslave-transport/stomp";
import { embeddedGroup, faultProxy, type TestProtocol } from "masterslave-transport/testing";
import {
  type ConnectionState,
  MasterSlaveTransport,
  type Session,
  type TransportEvents,
} from "masterslave-transport/transport";

/** The types whose members recorded-surface.ts lists. */
export type Names = {
  readonly errorCodes: ErrorCode;
  readonly warningCodes: ConnectionWarning["code"];
  readonly connectionEvents: keyof ConnectionEvents;
  readonly connectionStates: ConnectionStatus["name"];
  readonly transportEvents: keyof TransportEvents<Session>;
  readonly transportStates: ConnectionState<Session>["name"];
  readonly optionNames: keyof GroupOptions;
  readonly connectOptionNames: Exclude<keyof ConnectOptions, keyof GroupOptions>;
  readonly testProtocols: TestProtocol;
};

/** exactOptionalPropertyTypes: options that a program computes may be undefined. */
async function open(signal?: AbortSignal, heartbeatMs?: number): Promise<Connection[]> {
  const options: ConnectOptions = { signal, heartbeatMs, credentials: { username: "app", password: "secret" } };
  const uri: MasterSlaveUri = parseMasterSlaveUri("masterslave:(stomp://a:61613,stomp://b:61613)");
  // noUncheckedIndexedAccess: an endpoint found by its index may be undefined.
  const host: string | undefined = uri.endpoints[0]?.host;
  return [
    await connect(`stomp://${host}`, options),
    await stomp.connect(`stomp://${host}`, options),
    amqp.createConnection("amqp://a:5672", { tls: async () => ({ caFile: "ca.pem" }) }),
  ];
}

async function work(connection: Connection): Promise<string | undefined> {
  connection.on("restored", ({ endpoint, outageMs }) => console.log(endpoint.host, outageMs.toFixed()));
  try {
    const { id } = await connection.send("queue://orders", { sku: 1 }, { ttlMs: 1_000, properties: { tenant: "a" } });
    await using consumer = connection.consume("queue://orders", { prefetch: 10 });
    const delivery: Delivery | undefined = await consumer.receive({ timeoutMs: 100 });
    await delivery?.accept();
    await consumer.run(async (message, { attempt }) => console.log(message.json(), attempt), { concurrency: 2 });
    return await connection.transaction(async (transaction) => (await transaction.send("queue://sent", id)).id);
  } catch (error) {
    if (error instanceof SendInDoubtError) return error.id;
    if (error instanceof MasterSlaveError && error.code === "NO_ACTIVE_ENDPOINT") return undefined;
    throw error;
  }
}

/** A protocol of one's own on the transport. */
function transport(session: Session): MasterSlaveTransport<Session> {
  const own = new MasterSlaveTransport({ group: "failover:(tcp://a:1)?protocol=stomp", open: async () => session });
  return own.on("attempt", ({ outcome }) => console.log(outcome === "session" ? outcome : outcome.verdict));
}

async function rehearse(): Promise<number> {
  await using group = await embeddedGroup({ protocols: ["amqp"] });
  await using proxy = await faultProxy("127.0.0.1:5672");
  return (await group.messages("orders")).length + Number(proxy !== undefined);
}

/** @public Unused functions would be an error. */
export const examples = [open, work, transport, rehearse];
