/**
 * A program that listens in the place of a broker and is none. While it is stopped (SIGSTOP), it is a listener that
 * never serves its backlog.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { serveCalls } from "./serve-calls.ts";

const operations = {
  async listen(ports: readonly number[], answer: "silence" | "close"): Promise<void> {
    for (const port of ports) {
      const server = createServer((socket) => {
        socket.on("error", () => {});
        if (answer === "close") socket.end();
      });
      server.listen({ port, host: "::" });
      await once(server, "listening");
    }
  },
};
export type FalseListenerOperations = typeof operations;

serveCalls(operations);
