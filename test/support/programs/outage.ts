/** A program that only holds a toy session. It prints what happens to the session, and closes at SIGUSR2. */
import { MasterSlaveTransport } from "../../../src/transport/index.ts";
import { ToyClient, type ToySession } from "../toy-client.ts";

const transport = new MasterSlaveTransport<ToySession>({ group: String(process.argv[2]), open: new ToyClient().open });
const say = (text: string) => process.stdout.write(`${text}\n`);
transport.on("interrupted", () => say("interrupted"));
transport.on("restored", () => say("restored"));
transport.on("closed", () => say("closed"));
process.on("SIGUSR2", () => {
  say("closing");
  void transport.close(AbortSignal.timeout(1_000));
});
const connecting = transport.connect();
say("connecting");
await connecting.then(
  () => say("connected"),
  (error: { code?: string }) => say(`rejected ${error.code}`),
);
