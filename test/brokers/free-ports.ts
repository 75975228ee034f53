/** Listening ports for brokers that must come back on the same port: below the ephemeral range, so no outgoing connection takes them meanwhile. */
import { createServer } from "node:net";

const LOWEST = 20_000;
/** Linux hands out ports from 32768 on to outgoing connections. */
const HIGHEST = 32_000;
const given = new Set<number>();

/** Resolves with ports that were free on 127.0.0.1 a moment ago and were not given by this process before. */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let tries = 0; ports.length < count; tries += 1) {
    if (tries > 1_000) throw new Error(`No ${count} free ports found between ${LOWEST} and ${HIGHEST}`);
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    ports.push(port);
  }
  return ports;
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
