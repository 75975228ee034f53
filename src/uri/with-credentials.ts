/** Credentials attached to an object so that no enumeration, spread, JSON or inspection finds them. */
import type { Credentials } from "./endpoint.ts";

/**
 * Returns `value`, frozen, with an accessor `credentials`. It is an accessor because `util.inspect` with `showHidden`
 * prints plain properties even if they are not enumerable. Without credentials nothing is added.
 */
export function withCredentials<T extends object>(
  value: T,
  credentials: Credentials | undefined,
): Readonly<T> & { readonly credentials?: Credentials | undefined } {
  if (!credentials) return Object.freeze(value);
  return Object.freeze(Object.defineProperty(value, "credentials", { get: () => credentials, enumerable: false }));
}
