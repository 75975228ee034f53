/** The end of a socket that lost a race or failed. */
import type { Socket } from "node:net";

/** Ends a socket that nobody uses any more; its errors and data are ignored. */
export function discard(socket: Socket): void {
  socket.removeAllListeners();
  socket.on("error", () => {});
  socket.destroy();
}
