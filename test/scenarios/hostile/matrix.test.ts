/** Every stage of a conversation x every way to misbehave at it, on both protocols: what a user does settles, and the good endpoint is found. */
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MasterSlaveError } from "../../../src/errors/errors.ts";
import { type EmbeddedGroup, embeddedGroup } from "../../../src/testing/embedded-group.ts";
import { forbidProcessTrouble } from "../../support/process-trouble.ts";
import type { Protocol } from "../../support/stories.ts";
import { MisbehavingPeer, type Stage } from "./misbehaving-peer.ts";
import { floods, MISBEHAVIOURS, type Misbehaviour } from "./misbehaviour.ts";
import { work } from "./workload.ts";

forbidProcessTrouble();

const stage = (when: Stage["when"], frame: string): Stage => ({ name: `${when} ${frame}`.trim(), when, frame });
const STAGES: Readonly<Record<Protocol, readonly Stage[]>> = {
  stomp: [
    stage("accepted", ""),
    stage("told", "CONNECT"),
    stage("instead of its", "CONNECTED"),
    stage("after its", "CONNECTED"),
    stage("told", "SUBSCRIBE"),
    stage("told", "SEND"),
    stage("instead of its", "RECEIPT"),
    stage("instead of its", "MESSAGE"),
    stage("told", "ACK"),
    stage("told", "COMMIT"),
    stage("told", "DISCONNECT"),
  ],
  amqp: [
    stage("accepted", ""),
    stage("told", "SASL header"),
    stage("instead of its", "mechanisms"),
    stage("instead of its", "outcome"),
    stage("after its", "outcome"),
    stage("instead of its", "open"),
    stage("after its", "open"),
    stage("instead of its", "begin"),
    stage("instead of its", "attach"),
    stage("after its", "attach"),
    stage("told", "flow"),
    stage("instead of its", "transfer"),
    stage("told", "transfer"),
    stage("instead of its", "disposition"),
    stage("told", "disposition"),
    stage("told", "close"),
  ],
};

/** What an operation may end with beside "done": what it was in the middle of is not always known. */
const TYPED: Readonly<Record<string, readonly string[]>> = {
  send: ["SEND_REJECTED", "SEND_NOT_STORED"],
  receive: ["SUBSCRIPTION_REFUSED"],
  transaction: ["TRANSACTION_INTERRUPTED", "TRANSACTION_IN_DOUBT", "TRANSACTION_ROLLED_BACK"],
  request: ["REQUEST_TIMEOUT", "SEND_REJECTED", "SUBSCRIPTION_REFUSED", "REQUEST_INTERRUPTED"],
  browse: ["SUBSCRIPTION_REFUSED", "SEND_REJECTED", "SESSION_LOST", "HEARTBEAT_LOST", "PROTOCOL_ERROR"],
  close: [],
};
const TROUBLES = [
  ...["ENDPOINT_CLOSED", "ENDPOINT_REJECTED", "ATTEMPT_TIMEOUT", "ATTEMPT_SUPERSEDED", "WRONG_PROTOCOL"],
  ...["PROTOCOL_ERROR", "SESSION_LOST", "HEARTBEAT_LOST"],
];
/** What kernels hold of a flood, in both directions, and the longest line or frame that is read. */
const MAX_FLOOD_BYTES = 32 * 1024 * 1024;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what must not be there.
const CONTROL = /[\u0000-\u0008\u000b-\u001a\u001c-\u001f\u007f-\u009f]|\u001b(?!\[\d)/;

/** Every cell, by MASTERSLAVE_MATRIX=whole; else a third of them, with each row and each column among them. */
const WHOLE = process.env["MASTERSLAVE_MATRIX"] === "whole";
/** Most wait for a silent peer to be given up. */
const LANES = 24;

const groups = new Map<Protocol, EmbeddedGroup>();
let cases = 0;

async function playCase(protocol: Protocol, at: Stage, misbehaviour: Misbehaviour): Promise<string[]> {
  const group = groups.get(protocol) as EmbeddedGroup;
  const [good] = group.endpoints(protocol);
  const target = good?.port ?? 0;
  const peer = await MisbehavingPeer.listen(protocol, target, at, misbehaviour);
  try {
    cases += 1;
    const uri = `masterslave:(${protocol}://127.0.0.1:${peer.port},${protocol}://127.0.0.1:${target})`;
    const { outcomes, troubles, errors } = await work(uri, `matrix.${protocol}.${cases}`);
    const wrong: string[] = [];
    for (const [what, outcome] of Object.entries(outcomes))
      if (outcome !== "done" && !TYPED[what]?.includes(outcome)) wrong.push(`${what}: ${outcome}`);
    for (const code of troubles) if (!TROUBLES.includes(code)) wrong.push(`trouble: ${code}`);
    for (const error of errors) {
      if (!(error instanceof MasterSlaveError)) wrong.push(`untyped: ${inspect(error)}`);
      else if (CONTROL.test(inspect(error))) wrong.push(`a control character in ${JSON.stringify(error.message)}`);
    }
    if (peer.misbehaved.length === 0) wrong.push("its moment never came");
    for (const socket of peer.misbehaved)
      if ((floods.get(socket) ?? 0) > MAX_FLOOD_BYTES) wrong.push(`took ${floods.get(socket)} bytes of a flood`);
    // A few before the back-off has grown.
    if (peer.connects > 60) wrong.push(`${peer.connects} connects`);
    return wrong.map((text) => `${at.name}: it ${misbehaviour.name}: ${text}`);
  } catch (error) {
    return [`${at.name}: it ${misbehaviour.name}: ${inspect(error)}`];
  } finally {
    await peer.close();
  }
}

describe.each(["stomp", "amqp"] as const)("a peer over %s that misbehaves", (protocol) => {
  beforeAll(async () => {
    groups.set(protocol, await embeddedGroup({ members: 1, inProcess: true, protocols: [protocol] }));
  });
  afterAll(() => groups.get(protocol)?.close());

  it("is abandoned for the good endpoint, whatever it does and when", { timeout: 600_000 }, async () => {
    const all = STAGES[protocol].flatMap((at, row) =>
      MISBEHAVIOURS[protocol].flatMap((how, column) => (WHOLE || (row + column) % 3 === 0 ? [{ at, how }] : [])),
    );
    const found: string[] = [];
    const lanes = Array.from({ length: LANES }, async () => {
      for (let next = all.pop(); next; next = all.pop()) found.push(...(await playCase(protocol, next.at, next.how)));
    });
    await Promise.all(lanes);
    expect(found).toEqual([]);
  });
});
