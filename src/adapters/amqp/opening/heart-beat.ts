/**
 * Our own heart-beats: rhea writes an empty frame at half the interval that the peer asks for, which may be long or
 * missing.
 */
import type { Connection } from "rhea";
import type { EndpointSocket } from "../../../transport/socket/endpoint-socket.ts";
import { writeEmptyFramesAfter } from "../rhea/idle-frames.ts";

/** If our bytes stay unacknowledged for this many intervals, the path to the peer is broken. */
const UNACKNOWLEDGED_INTERVALS = 1.4;
/** The part of an interval after which an empty frame is written. */
const BEAT_AFTER = 2 / 3;

/**
 * Writes a heart-beat after two thirds of `heartbeatMs`, or earlier if the peer asks for it, and watches that what we
 * write is acknowledged: a path that is broken in one direction shows by our own unacknowledged bytes. Classic asks for
 * a frame in 15 s, Artemis in 30 s. Call it as soon as the peer has opened.
 */
export function keepBeating(socket: EndpointSocket, connection: Connection, heartbeatMs: number): void {
  if (heartbeatMs === 0) return;
  writeEmptyFramesAfter(connection, BEAT_AFTER * heartbeatMs);
  socket.watchAcknowledgements(UNACKNOWLEDGED_INTERVALS * heartbeatMs);
}
