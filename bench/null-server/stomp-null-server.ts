/**
 * A STOMP server that stores nothing. It confirms every send at once and feeds every subscriber, so that only the
 * client is measured.
 */
import type { Socket } from "node:net";
import { listen } from "./listen.ts";
import type { NullServerOptions, ServingNull } from "./null-server-options.ts";
import { StompFeed } from "./stomp-feed.ts";
import { type Head, headerOf, StompReader } from "./stomp-reader.ts";

/** The names of the real brokers in CONNECTED. */
const SERVER_HEADERS = {
  classic: "ActiveMQ/6.1.8",
  artemis: "ActiveMQ-Artemis/2.55.0 ActiveMQ Artemis Messaging Engine",
} as const;

export function serveStomp(options: NullServerOptions): Promise<ServingNull> {
  return listen((socket) => serve(socket, options));
}

function serve(socket: Socket, options: NullServerOptions): (chunk: Buffer) => void {
  const feeds = new Map<string, StompFeed>();
  /** The answers to the frames of one read, which go out in one write. */
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
  /**
   * STOMP 1.2 identifies the message by the value of its `ack` header, earlier versions by its message-id. If there are
   * several subscriptions, the numbers count as those of the first.
   */
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
