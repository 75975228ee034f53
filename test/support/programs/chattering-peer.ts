/** A peer in a process of its own that writes a byte every 20 ms, also while the test's event loop is blocked. */
import { createServer } from "node:net";

const server = createServer((socket) => {
  const beat = setInterval(() => socket.write("\n"), 20);
  socket.on("error", () => {});
  socket.on("close", () => clearInterval(beat));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
process.on("disconnect", () => process.exit());
