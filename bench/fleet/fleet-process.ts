/**
 * One of the processes of a fleet. It opens its share of connections, and reports when each was back and what was
 * dialled.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { type Connection, connect } from "masterslave-transport";
import { type DialCounts, DialWatch } from "../../test/support/dial-watch.ts";

export interface FleetShare {
  readonly uri: string;
  readonly connections: number;
  /** The port where dials are watched: that of the new master. */
  readonly port: number;
}

export type ToFleet = { readonly kind: "open"; readonly share: FleetShare } | { readonly kind: "report" };

export type FromFleet =
  | { readonly kind: "ready" }
  | { readonly kind: "opened"; readonly bytesPerConnection: number }
  /** Times are in milliseconds since the epoch. */
  | { readonly kind: "report"; readonly restoredAtMs: readonly number[]; readonly counts: DialCounts };

const AT_ONCE = 50;
/** By then the garbage from opening the connections has been collected. */
const SETTLE_MS = 500;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");
const restoredAtMs: number[] = [];
const connections: Connection[] = [];
let watch: DialWatch | undefined;

process.on("message", (message: ToFleet) => void (message.kind === "open" ? open(message.share) : report()));
process.on("disconnect", () => process.exit());
tell({ kind: "ready" });

async function open({ uri, connections: count, port }: FleetShare): Promise<void> {
  // Connects once first, so that the code is loaded and compiled before the first connection counts.
  await (await connect(uri)).close();
  const before = await residentSize();
  const watching = new DialWatch(port);
  watch = watching;
  let opened = 0;
  const lane = async () => {
    while (opened < count) {
      const client = opened++;
      const connection = await watching.in(client, () => connect(uri));
      connection.on("restored", () => restoredAtMs.push(Date.now()));
      connections.push(connection);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
  const bytesPerConnection = ((await residentSize()) - before) / count;
  watching.reset();
  tell({ kind: "opened", bytesPerConnection });
}

/** Resolves when all connections are back. */
async function report(): Promise<void> {
  while (restoredAtMs.length < connections.length) await sleep(20);
  if (watch) tell({ kind: "report", restoredAtMs, counts: watch.counts });
}

async function residentSize(): Promise<number> {
  await sleep(SETTLE_MS);
  collectGarbage();
  return process.memoryUsage().rss;
}

function tell(message: FromFleet): void {
  process.send?.(message);
}
