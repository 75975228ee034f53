/** Parses the target of a faultProxy: an object, `host:port` or a URI with both. */
import { InvalidArgumentError } from "../../errors/errors.ts";

/** Where a proxy connects to. */
export interface TargetAddress {
  /** Its name or address. */
  readonly host: string;
  /** Its port. */
  readonly port: number;
}

const TARGET = /^(?:[a-z][a-z+-]*:\/\/)?(\[[0-9a-f:.]+\]|[^:/?\s]+):(\d{1,5})$/i;

/** @throws InvalidArgumentError */
export function readTarget(target: TargetAddress | string): TargetAddress {
  const found = typeof target === "string" ? parseTarget(target) : target;
  if (!found?.host || !Number.isInteger(found.port) || found.port < 1 || found.port > 65_535) {
    throw new InvalidArgumentError(
      `A target is { host, port }, "host:port" or "stomp://host:port", not ${JSON.stringify(target)}`,
    );
  }
  return { host: found.host, port: found.port };
}

function parseTarget(text: string): TargetAddress | undefined {
  const [, host = "", port] = TARGET.exec(text) ?? [];
  return port === undefined ? undefined : { host: host.replace(/^\[|\]$/g, ""), port: Number(port) };
}
