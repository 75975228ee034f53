/**
 * Decides when a connection writes an empty frame: rhea does so at half the interval that the peer asks for, which may
 * be long or missing.
 */
import type { Connection } from "rhea";
import { internalsOf } from "./rhea-internals.ts";

/**
 * Makes rhea write an empty frame when nothing was written for `intervalMs`, or earlier if the peer asks for it. Call
 * it as soon as the peer has opened.
 */
export function writeEmptyFramesAfter(connection: Connection, intervalMs: number): void {
  const internals = internalsOf(connection);
  const { open } = internals.remote;
  // rhea halves this value.
  const wantedMs = Math.round(2 * intervalMs);
  open.idle_time_out = Math.min(open.idle_time_out || wantedMs, wantedMs);
  // The timer may already run with the peer's interval.
  clearTimeout(internals.heartbeat_out);
  internals.heartbeat_out = setTimeout(() => internals._write_frame(), open.idle_time_out / 2);
}

/**
 * The peer learns our idle-time-out from the open frame, but rhea must not check it: it would start a lax timer
 * wherever this field is set.
 */
export function leaveIdleCheckToSocket(connection: Connection): void {
  Object.defineProperty(internalsOf(connection).local.open, "idle_time_out", { value: undefined });
}
