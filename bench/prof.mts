import { spawn } from "node:child_process";
import { startNullServer } from "./null-server/start-null-server.ts";
const { port, close } = await startNullServer("amqp", { pose: "artemis", bodyBytes: 1024 });
const w = { kind: "send", bodyBytes: 1024, window: 1000, prefetch: 100, messages: 1000, product: "artemis", endpoint: { host: "127.0.0.1", port }, credentials: { username: "app", password: "app" }, destination: "q", measureMs: 4000, warmUpMs: 500 };
const c = spawn(process.execPath, ["--cpu-prof", "--cpu-prof-dir=/tmp/prof", "--import", "tsx", "bench/peers/ours-amqp.ts"], { stdio: ["pipe", "inherit", "inherit"] });
c.stdin.end(JSON.stringify(w));
await new Promise((r) => c.on("exit", r));
await close();
