/** When a connection writes an empty frame: rhea does so at half of what the peer asks for, which may be long, or never. */
import type { Connection } from "rhea";
import { internalsOf } from "./rhea-internals.ts";

/**
 * Has rhea write an empty frame when nothing was written for `intervalMs`, or earlier if the peer asks for it. Call it as
 * soon as the peer has opened.
 */
export function writeEmptyFramesAfter(connection: Connection, intervalMs: number): void {
  const internals = internalsOf(connection);
  const { open } = internals.remote;
  // rhea halves what it is asked for.
  const wantedMs = Math.round(2 * intervalMs);
  open.idle_time_out = Math.min(open.idle_time_out || wantedMs, wantedMs);
  // It may be armed for what the peer asks for.
  clearTimeout(internals.heartbeat_out);
  internals.heartbeat_out = setTimeout(() => internals._write_frame(), open.idle_time_out / 2);
}

/** The peer is told our idle-time-out in the open frame, and rhea does not check it: rhea arms a lax timer wherever this reads as set. */
export function leaveIdleCheckToSocket(connection: Connection): void {
  Object.defineProperty(internalsOf(connection).local.open, "idle_time_out", { value: undefined });
}
