/** Reads what a broker says about itself when it opens a connection (AMQP 1.0, 2.7.1). */
import type { Connection } from "rhea";
import { internalsOf } from "./rhea-internals.ts";

/** The properties of the peer's open frame, symbols as strings. */
export type OpenProperties = Readonly<Record<string, unknown>>;

/**
 * The capabilities that the peer offered in its open frame, one symbol or several; call it after the peer has opened.
 */
export function offeredCapabilities(connection: Connection): ReadonlySet<string> {
  return new Set([internalsOf(connection).remote.open.offered_capabilities ?? []].flat());
}
