/** The socket beside a status file: a running bridge answers there where a message is. */
import { createConnection, createServer, type Socket } from "node:net";
import type { Bridge, TraceResult } from "../../bridge/index.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import { textOf } from "../../errors/text-of.ts";
import { openSocket } from "./open-socket.ts";

const MAX_REQUEST = 8_192;
const MAX_ANSWER = 16 * 1024 * 1024;
const MAX_CLIENTS = 16;
const IDLE_MS = 30_000;

/** The socket of a status file. */
export function socketOf(statusFile: string): string {
  return process.platform === "win32" ? `\\\\.\\pipe\\${statusFile.replace(/[\\/:]/g, "-")}` : `${statusFile}.sock`;
}

/**
 * Answers until the returned function is called. When the socket cannot be opened `onFailure` is told, and the bridge
 * runs without. Never rejects.
 */
export async function answerTraces(
  bridge: Pick<Bridge, "trace">,
  statusFile: string,
  onFailure: (reason: string) => void,
): Promise<() => Promise<void>> {
  const path = socketOf(statusFile);
  const clients = new Set<Socket>();
  const server = createServer((client) => {
    if (clients.size >= MAX_CLIENTS) return void client.destroy();
    clients.add(client);
    client.on("close", () => clients.delete(client));
    client.on("error", () => client.destroy());
    client.setTimeout(IDLE_MS, () => client.destroy());
    answerOne(client, bridge);
  });
  const fail = (thrown: unknown) => onFailure(textOf(thrown));
  const leave = await openSocket(server, path).catch((thrown: unknown) => {
    fail(thrown);
    return () => {};
  });
  server.on("error", fail);
  return () =>
    new Promise((resolve) => {
      leave();
      for (const client of clients) client.destroy();
      server.close(() => resolve());
    });
}

/** Reads one line, which asks, and writes one line with the answer. */
function answerOne(client: Socket, bridge: Pick<Bridge, "trace">): void {
  let text = "";
  const onData = (data: Buffer) => {
    text += data.toString("utf8");
    const end = text.indexOf("\n");
    if (end < 0) {
      if (text.length > MAX_REQUEST) client.destroy();
      return;
    }
    client.off("data", onData);
    client.resume();
    void answer(text.slice(0, end), bridge).then((line) => client.end(`${line}\n`));
  };
  client.on("data", onData);
}

/** Never rejects. */
async function answer(line: string, bridge: Pick<Bridge, "trace">): Promise<string> {
  try {
    const { trace, timeoutMs } = JSON.parse(line) as { readonly trace?: unknown; readonly timeoutMs?: unknown };
    if (typeof trace !== "string") return JSON.stringify({ error: "there is no id to trace" });
    const options = typeof timeoutMs === "number" && timeoutMs > 0 ? { timeoutMs: Math.min(timeoutMs, IDLE_MS) } : {};
    return JSON.stringify(await bridge.trace(trace, options));
  } catch (reason) {
    return JSON.stringify({ error: MasterSlaveError.from(reason).message });
  }
}

/** Asks the bridge that writes a status file. Rejects when nobody answers. */
export function askForTrace(statusFile: string, id: string, timeoutMs: number): Promise<TraceResult> {
  const client = createConnection(socketOf(statusFile));
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise<TraceResult>((resolve, reject) => {
    // The bridge ends its looking first, and tells what it has.
    client.setTimeout(timeoutMs + 2_000, () => reject(new Error("the bridge does not answer")));
    client.on("error", reject);
    client.on("data", (data) => {
      length += data.length;
      if (length > MAX_ANSWER) reject(new Error("the answer does not end"));
      else chunks.push(data);
    });
    client.on("end", () => {
      try {
        const said = JSON.parse(Buffer.concat(chunks).toString("utf8")) as TraceResult & { readonly error?: string };
        if (said.error === undefined) resolve(said);
        else reject(new Error(said.error));
      } catch {
        reject(new Error("the bridge ended before its answer"));
      }
    });
    client.write(`${JSON.stringify({ trace: id, timeoutMs })}\n`);
  }).finally(() => client.destroy());
}
