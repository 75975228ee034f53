/** A STOMP server that stores nothing: it confirms whatever comes at once and feeds whoever subscribes, so that what is measured is the client. */
import type { Socket } from "node:net";
import { listen } from "./listen.ts";
import type { NullServerOptions, ServingNull } from "./null-server-options.ts";
import { StompFeed } from "./stomp-feed.ts";
import { type Head, headerOf, StompReader } from "./stomp-reader.ts";

/** As the real ones call themselves in CONNECTED. */
const SERVER_HEADERS = {
  classic: "ActiveMQ/6.1.8",
  artemis: "ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine",
} as const;

export function serveStomp(options: NullServerOptions): Promise<ServingNull> {
  return listen((socket) => serve(socket, options));
}

function serve(socket: Socket, options: NullServerOptions): (chunk: Buffer) => void {
  const feeds = new Map<string, StompFeed>();
  /** The answers to what one read brought, for one write. */
  let answers = "";
  const reader = new StompReader((head) => {
    answers += answerTo(head);
    takeFeed(head);
  });
  const answerTo = (head: Head): string => {
    if (head.command === "CONNECT" || head.command === "STOMP") return connected(options);
    const receipt = headerOf(head, "receipt");
    return receipt === undefined ? "" : `RECEIPT\nreceipt-id:${receipt}\n\n\0`;
  };
  const takeFeed = (head: Head): void => {
    const { command } = head;
    const id = headerOf(head, "id") ?? "0";
    if (command === "ACK" || command === "NACK") acknowledge(id, headerOf(head, "message-id"));
    else if (command === "SUBSCRIBE") feeds.set(id, new StompFeed(socket, head, options.bodyBytes));
    else if (command === "UNSUBSCRIBE") {
      feeds.get(id)?.end();
      feeds.delete(id);
    }
  };
  /** STOMP 1.2 names the message by the `ack` header's value, earlier versions by the message-id. With several subscriptions the numbers are taken for the first's. */
  const acknowledge = (id: string, messageId: string | undefined): void => {
    const [feed] = feeds.values();
    feed?.acknowledge(Number(messageId === undefined ? id : messageId.slice(messageId.lastIndexOf(":") + 1)));
  };
  return (chunk) => {
    reader.read(chunk);
    if (answers !== "") socket.write(answers, "latin1");
    answers = "";
    for (const feed of feeds.values()) feed.feed();
  };
}

function connected({ pose }: NullServerOptions): string {
  return `CONNECTED\nversion:1.2\nheart-beat:0,0\nsession:null-1\nserver:${SERVER_HEADERS[pose]}\n\n\0`;
}
