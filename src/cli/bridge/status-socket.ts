/** The socket beside a status file: a running bridge answers there where a message is. */
import { chmodSync, rmSync } from "node:fs";
import { createConnection, createServer, type Socket } from "node:net";
import type { Bridge, TraceResult } from "../../bridge/index.ts";
import { MasterSlaveError } from "../../errors/errors.ts";

const MAX_REQUEST = 8_192;
const MAX_ANSWER = 16 * 1024 * 1024;
const MAX_CLIENTS = 16;
const IDLE_MS = 30_000;

/** The socket of a status file. */
export function socketOf(statusFile: string): string {
  return process.platform === "win32" ? `\\\\.\\pipe\\${statusFile.replace(/[\\/:]/g, "-")}` : `${statusFile}.sock`;
}

/** Answers until the returned function is called. `onFailure` is told when the socket cannot be opened: the bridge runs without. */
export function answerTraces(
  bridge: Pick<Bridge, "trace">,
  statusFile: string,
  onFailure: (reason: string) => void,
): () => Promise<void> {
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
  server.on("error", (reason) => onFailure(reason.message));
  // A bridge that was killed leaves its socket behind; nobody answers there.
  if (process.platform !== "win32") rmSync(path, { force: true });
  server.listen(path);
  server.on("listening", () => keepToUser(path));
  return () =>
    new Promise((resolve) => {
      for (const client of clients) client.destroy();
      server.close(() => resolve());
    });
}

/** What the socket tells is for its own user. */
function keepToUser(path: string): void {
  if (process.platform !== "win32") chmodSync(path, 0o600);
}

/** One line asks, one line answers. */
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
