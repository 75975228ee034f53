/** Records what a broker says while a story is played on it. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { hostname } from "node:os";
import { openAmqpSession } from "../../src/adapters/amqp/open-session.ts";
import { openStompSession } from "../../src/adapters/stomp/open-session.ts";
import type { AdapterSettings } from "../../src/messaging/port/adapter-settings.ts";
import type { Credentials } from "../../src/uri/endpoint.ts";
import type { Protocol } from "../support/stories.ts";
import { type Recording, UUID } from "./conversation.ts";
import { Scene } from "./scene.ts";
import { playStory, type StoryName } from "./stories.ts";

export const FUZZ_SETTINGS: AdapterSettings = {
  credentials: () => undefined,
  clientId: "fuzz-client",
  heartbeatMs: 0,
  tls: undefined,
  deadLetterDestination: { kind: "queue", name: "DLQ" },
  releaseWaitMs: 1000,
  onWarning: () => {},
  onAlternates: () => {},
};

export interface Recorded {
  readonly host: string;
  readonly port: number;
  readonly protocol: Protocol;
  readonly peer: string;
  readonly credentials?: Credentials | undefined;
}

/** Rejects where the story does not come to its end: not every broker can do everything. */
export async function record(
  { host, port, protocol, peer, credentials }: Recorded,
  story: StoryName,
): Promise<Recording> {
  const heard = { ours: [] as Buffer[], theirs: [] as Buffer[] };
  const server = createServer((client: Socket) => {
    const broker = connect(port, host);
    for (const socket of [client, broker]) socket.on("error", () => {});
    client.on("data", (chunk: Buffer) => heard.ours.push(chunk));
    broker.on("data", (chunk: Buffer) => heard.theirs.push(chunk));
    client.pipe(broker).pipe(client);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const open = (protocol === "stomp" ? openStompSession : openAmqpSession)({
      ...FUZZ_SETTINGS,
      credentials: () => credentials,
    });
    const endpoint = { scheme: protocol, host: "127.0.0.1", port: (server.address() as AddressInfo).port, options: {} };
    const session = await open(endpoint, { signal: AbortSignal.timeout(30_000), turn: () => Promise.resolve() });
    const scene = new Scene(session);
    const late = setTimeout(() => scene.session.destroy(new Error(`${story} takes too long`) as never), 20_000);
    const unfinished = await playStory(scene, story);
    clearTimeout(late);
    // A refusal may end the session, as an ERROR of Artemis does.
    if ((unfinished !== undefined && story !== "refusals") || scene.violations.length > 0)
      throw new Error(`${peer} over ${protocol}: ${story} did not come to its end: ${scene.violations.join("; ")}`, {
        cause: unfinished,
      });
  } finally {
    server.close();
  }
  const ids = new Set(Buffer.concat(heard.ours).toString("latin1").match(UUID) ?? []);
  return { protocol, peer, story, ids: [...ids], said: scrubbed(Buffer.concat(heard.theirs)).toString("base64") };
}

/** Brokers put the name of their host into their ids. */
function scrubbed(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  return Buffer.from(text.replaceAll(hostname(), "h".repeat(hostname().length)), "latin1");
}
