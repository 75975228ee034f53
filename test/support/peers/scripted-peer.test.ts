/** What the scripted peers report when a client does not do what their script expects. */
import { expect, it } from "vitest";
import { rejectionOf } from "../toy-connection.ts";
import { AmqpPeer } from "./amqp-peer.ts";
import { connectionTo } from "./scripted-peer.ts";
import { StompPeer } from "./stomp-peer.ts";

it("tells what it expected, what came instead, and all that came before", async () => {
  const peer = await AmqpPeer.listen();
  peer.expectConnection();
  peer.expectAttach("sender", "q").grant();
  peer.expectTransfer("two").accept();
  const connection = await connectionTo([peer]).connect();
  connection.send("q", "one").catch(() => {});
  const { message } = await rejectionOf<Error>(peer.done);
  expect(message).toContain(`step 6 of 6) expected a transfer of "two", and transfer "one" came: it is "one"`);
  expect(message).toContain("the sasl header, sasl_init, the amqp header, open, begin, attach");
});

it("tells what a STOMP client did beside the script", async () => {
  const peer = await StompPeer.listen();
  peer.expectConnection();
  peer.expectSubscribe({ destination: "/queue/q" }).receipt();
  const connection = await connectionTo([peer]).connect();
  connection.send("q", "one").catch(() => {});
  const { message } = await rejectionOf<Error>(peer.done);
  expect(message).toContain(`expected SUBSCRIBE with destination /queue/q, and SEND "one" came`);
});

it("turns away who comes when nothing is expected any more", async () => {
  const [first, second] = await StompPeer.pair();
  second.expectConnection();
  const connection = await connectionTo([first, second]).connect();
  expect(connection.endpoint).toMatchObject({ port: second.port });
  expect(first.connections).toBe(1);
});
