/** The end of a socket that lost a race or failed. */
import type { Socket } from "node:net";

/** Ends a socket nobody waits for; whatever it still says is of no interest. */
export function discard(socket: Socket): void {
  socket.removeAllListeners();
  socket.on("error", () => {});
  socket.destroy();
}
