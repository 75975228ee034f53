/** Our own heart-beats: rhea writes an empty frame at half of what the peer asks for, which may be long, or nothing at all. */
import type { Connection } from "rhea";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";

/** What is touched of rhea beyond its typings: whenever it has written it arms this timer with half of this number. */
interface BeatingConnection extends Connection {
  readonly remote: { readonly open: { idle_time_out?: number | null } };
  heartbeat_out?: NodeJS.Timeout | undefined;
  _write_frame(): void;
}

/** Our bytes unacknowledged for so many intervals, and the way to the peer is broken. */
const UNACKNOWLEDGED_INTERVALS = 1.4;
/** Of an interval, until an empty frame is written. */
const BEAT_AFTER = 2 / 3;

/**
 * Beats in two thirds of `heartbeatMs`, or earlier if the peer asks for it, and watches that what we write is acknowledged: a
 * path that is broken one way is known by our own bytes. Classic asks for a frame in 15 s, Artemis in 30 s. Call it as
 * soon as the peer has opened.
 */
export function keepBeating(socket: EndpointSocket, connection: Connection, heartbeatMs: number): void {
  if (heartbeatMs === 0) return;
  const beating = connection as BeatingConnection;
  const { open } = beating.remote;
  const wantedMs = Math.round(2 * BEAT_AFTER * heartbeatMs);
  open.idle_time_out = Math.min(open.idle_time_out || wantedMs, wantedMs);
  // It may be armed for what the peer asks for.
  clearTimeout(beating.heartbeat_out);
  beating.heartbeat_out = setTimeout(() => beating._write_frame(), open.idle_time_out / 2);
  socket.watchAcknowledgements(UNACKNOWLEDGED_INTERVALS * heartbeatMs);
}
