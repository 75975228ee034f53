/**
 * Heart-beats of one STOMP connection in both directions, at the intervals that the client asked for (STOMP 1.2,
 * "Heart-beating").
 */
import type { EndpointSocket } from "../../transport/socket/endpoint-socket.ts";
import { Refusal } from "../destinations/refusal.ts";

/** A client is given up after this many of its own intervals in silence. */
const TOLERANCE = 2;

export class HeartBeat {
  /** The header of CONNECTED: like Classic, the client's wishes the other way round. */
  readonly header: string;
  readonly #timer: NodeJS.Timeout | undefined;

  /** @throws Refusal if the header is no pair of intervals. */
  constructor(socket: EndpointSocket, wishes = "0,0") {
    const [fromClient, toClient] = wishes.split(",").map(Number);
    if (!isInterval(fromClient) || !isInterval(toClient)) {
      throw new Refusal("amqp:invalid-field", `heart-beat is two numbers of milliseconds, not "${wishes}"`);
    }
    this.header = `${toClient},${fromClient}`;
    if (fromClient > 0) socket.watchPeer(fromClient * TOLERANCE);
    if (toClient > 0) {
      this.#timer = setInterval(
        () => {
          if (!socket.destroyed && !socket.writableEnded) socket.write("\n");
        },
        Math.max(1, toClient * 0.8),
      );
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function isInterval(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 0;
}
