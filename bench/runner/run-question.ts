/** Runs one question: starts its server once, then each peer in turn, round after round, in a process of its own. */
import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { APP_CREDENTIALS } from "../../test/brokers/group-contract.ts";
import { type RealGroup, startGroup } from "../../test/brokers/real-group.ts";
import { BareStomp } from "../driver/bare-stomp.ts";
import type { Measurement, Workload } from "../driver/workload.ts";
import { startNullServer } from "../null-server/start-null-server.ts";
import type { Round } from "./compare.ts";
import { emptyQueue } from "./empty-queue.ts";
import { isJava, javaCommand } from "./java-peer.ts";
import type { Question } from "./question.ts";

export interface RunTerms {
  /** The number of counted rounds; one more comes before them and is dropped. */
  readonly pairs: number;
  readonly measureMs: number;
  readonly warmUpMs: number;
  /** The number of messages for questions that receive. */
  readonly messages: number;
}

interface Server {
  readonly endpoint: Workload["endpoint"];
  /** The group whose queues are filled and emptied; a null server needs neither. */
  readonly group?: RealGroup;
  close(): Promise<void>;
}

export async function runQuestion(question: Question, terms: RunTerms): Promise<readonly Round[]> {
  const server = await startServer(question);
  const rounds: Round[] = [];
  try {
    for (let n = 0; n <= terms.pairs; n += 1) {
      const round: Record<string, Measurement> = {};
      for (const peer of question.peers) round[peer] = await measureOne(question, peer, server, n, terms);
      if (n > 0) rounds.push(round);
      console.error(`[bench] ${question.name}: round ${n} of ${terms.pairs}`);
    }
  } finally {
    await server.close();
  }
  return rounds;
}

async function startServer({ nullServer, product, protocol, work }: Question): Promise<Server> {
  if (nullServer) {
    const { port, close } = await startNullServer(protocol, { pose: product, bodyBytes: work.bodyBytes });
    return { endpoint: { host: "127.0.0.1", port }, close };
  }
  const group = await startGroup(product, { heapMb: 1_024 });
  return { endpoint: group.endpoint("a", protocol), group, close: () => group.close() };
}

/**
 * Every measurement has its own queue. Artemis keeps leftover messages in its heap, so there they are taken out again.
 */
async function measureOne(question: Question, peer: string, server: Server, n: number, terms: RunTerms) {
  const { work, product, protocol, name } = question;
  const workload: Workload = {
    ...{ window: 1, prefetch: 100, messages: terms.messages, ...work, product },
    ...{ endpoint: server.endpoint, credentials: APP_CREDENTIALS, destination: `bench.${name}.${peer}.${n}` },
    ...{ measureMs: terms.measureMs, warmUpMs: terms.warmUpMs },
  };
  const { group } = server;
  if (group && work.kind === "receive") await fill(workload, group);
  const measured = await runPeerProcess(peer, workload, group);
  if (group && product === "artemis" && work.kind === "send") await emptyQueue(protocol, workload, measured.sent);
  return measured;
}

async function fill(workload: Workload, group: RealGroup): Promise<void> {
  const bare = await BareStomp.open({ ...workload, endpoint: group.endpoint("a", "stomp") });
  await bare.fill(workload.messages).finally(() => bare.close());
}

/** Rejects with the peer's message if it measured nothing. The peer ends by itself within 90 s. */
async function runPeerProcess(peer: string, workload: Workload, group: RealGroup | undefined): Promise<Measurement> {
  const program = fileURLToPath(new URL(`../peers/${peer}.ts`, import.meta.url));
  const node = [process.execPath, "--import", "tsx", program] as const;
  const [command, ...parameters] = group && isJava(peer) ? await javaCommand(peer, workload, group) : node;
  const child = spawn(command, parameters, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end(JSON.stringify(workload));
  const [output, said] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (output.trim() === "") throw new Error(`${peer} measured nothing in ${workload.destination}: ${said.trim()}`);
  return JSON.parse(output) as Measurement;
}
