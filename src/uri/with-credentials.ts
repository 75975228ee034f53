/** Credentials attached to an object so that no enumeration, spread, JSON or inspection finds them. */
import type { Credentials } from "./endpoint.ts";

/**
 * `value`, frozen, with a `credentials` accessor: an accessor, for `util.inspect` with `showHidden` prints plain
 * properties even where they are not enumerable. Without credentials nothing is added.
 */
export function withCredentials<T extends object>(
  value: T,
  credentials: Credentials | undefined,
): Readonly<T> & { readonly credentials?: Credentials | undefined } {
  if (!credentials) return Object.freeze(value);
  return Object.freeze(Object.defineProperty(value, "credentials", { get: () => credentials, enumerable: false }));
}
