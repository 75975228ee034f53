/**
 * A path that breaks in one direction, in a network namespace of its own: run it as `unshare -n`. From some moment on
 * the peer's packets arrive and ours do not. Prints how long it took until the socket was declared lost, in heart-beat
 * intervals, and why.
 */
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { connect, createServer } from "node:net";
import { EndpointSocket } from "../../../src/transport/socket/endpoint-socket.ts";

const [intervalText = "", host = "127.0.0.1"] = process.argv.slice(2);
const intervalMs = Number(intervalText);

async function main(): Promise<void> {
  execFileSync("ip", ["link", "set", "lo", "up"]);
  const server = createServer((peer) => {
    peer.on("error", () => {}).resume();
    setInterval(() => peer.write("\n"), intervalMs);
  }).listen(0, host);
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const inner = connect(port, host);
  await once(inner, "connect");
  const socket = new EndpointSocket(inner, { scheme: "tcp", host, port, options: {} });
  let heard = 0;
  socket.on("data", () => {
    heard = performance.now();
  });
  socket.watchPeer(2.1 * intervalMs);
  socket.watchAcknowledgements(1.4 * intervalMs);
  setInterval(() => socket.write("\n"), (2 / 3) * intervalMs);
  await new Promise((resolve) => setTimeout(resolve, 1.1 * intervalMs));
  const command = host.includes(":") ? "ip6tables" : "iptables";
  execFileSync(command, ["-A", "INPUT", "-i", "lo", "-p", "tcp", "--dport", String(port), "-j", "DROP"]);
  const brokenAt = performance.now();
  await new Promise((resolve) => socket.once("close", resolve));
  const lostAt = performance.now();
  console.log(
    JSON.stringify({
      intervals: (lostAt - brokenAt) / intervalMs,
      heardAfterwards: heard > brokenAt,
      message: socket.errored?.message,
    }),
  );
  process.exit();
}

await main();
