/** Heart-beats over STOMP: ours, and the interval of the peer's. */
import { LONGEST_TIMER_MS } from "../../../async/timer-limit.ts";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";

/**
 * Writes a line end at our own interval until the socket is closed, whatever interval the peer asks for: a path that is
 * broken in one direction shows by our own unacknowledged bytes. A third of the interval early, because the broker
 * counts from what it last heard. A peer without heart-beats gets none.
 */
export function startHeartbeats(
  socket: EndpointSocket,
  { header, intervalMs }: { readonly header: string | undefined; readonly intervalMs: number },
  beat: () => void,
): void {
  const [incomingMs, outgoingMs] = intervalsOf(header);
  if (intervalMs <= 0 || Number.isNaN(incomingMs) || Number.isNaN(outgoingMs) || socket.destroyed) return;
  const everyMs = Math.max(1, intervalMs - Math.round(intervalMs / 3));
  const timer = setInterval(beat, Math.min(everyMs, LONGEST_TIMER_MS));
  socket.once("close", () => clearInterval(timer));
}

/**
 * The interval in ms at which the peer promised to send, as STOMP negotiates it: the slower of both wishes, 0 if either
 * side has none.
 */
export function incomingHeartbeatMs(header: string | undefined, wantedMs: number): number {
  const [offeredMs] = intervalsOf(header);
  return offeredMs > 0 && wantedMs > 0 ? Math.max(offeredMs, wantedMs) : 0;
}

/** The two intervals of a heart-beat header; NaN for a missing one. */
function intervalsOf(header = ""): [incomingMs: number, outgoingMs: number] {
  const [incoming = "", outgoing = ""] = header.split(",", 2);
  return [Number.parseInt(incoming, 10), Number.parseInt(outgoing, 10)];
}
