/**
 * Wraps the caller's own check of the peer's name: Node calls it inside an event, where nobody could catch what it
 * throws.
 */
import type { ConnectionOptions } from "node:tls";

export type CheckServerIdentity = NonNullable<ConnectionOptions["checkServerIdentity"]>;

/** The refusal of `tls.checkServerIdentity`. Its cause is what the function returned or threw. */
export class ServerIdentityRefusal extends Error {
  /** The code of the check's own error, such as Node's ERR_TLS_CERT_ALTNAME_INVALID. */
  readonly code: string;

  constructor(message: string, cause: unknown) {
    super(message, { cause });
    this.code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  }
}

/** Returns a check that never throws and returns undefined or an error of ours, whatever the caller's check does. */
export function guardServerIdentity(check: CheckServerIdentity): CheckServerIdentity {
  return (host, certificate) => {
    try {
      const found: unknown = check(host, certificate);
      return found ? refusalOf(found) : undefined;
    } catch (thrown) {
      return new ServerIdentityRefusal(thrown instanceof Error ? thrown.message : "it threw", thrown);
    }
  };
}

function refusalOf(found: unknown): ServerIdentityRefusal {
  if (found instanceof Error) return new ServerIdentityRefusal(found.message, found);
  if (typeof Object(found).then === "function") {
    // Nobody awaits this promise, so its rejection would end the process.
    Promise.resolve(found).catch(() => {});
    return new ServerIdentityRefusal("it returned a promise, and it must answer at once", undefined);
  }
  return new ServerIdentityRefusal(
    typeof found === "string" ? found : "it returned something else than undefined",
    found,
  );
}
