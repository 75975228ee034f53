/** What a failed attempt is told as: one error for whatever was thrown, and one for all the addresses of a name. */
import {
  AttemptError,
  type AttemptErrorCode,
  formatAddress,
  MasterSlaveError,
  SessionLostError,
} from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { dialFailure } from "./dial-failure.ts";

/** Anything that opening a session may throw, with its verdict. */
export function attemptFailure(endpoint: Endpoint, reason: unknown): AttemptError {
  if (reason instanceof AttemptError) return reason;
  if (reason instanceof SessionLostError) {
    return new AttemptError("ENDPOINT_CLOSED", reason.message, { endpoint, cause: reason });
  }
  // An error of the system's has the call that failed: whoever opens sessions without our dial() passes these on.
  if (reason instanceof Error && "syscall" in reason) return dialFailure(endpoint, reason);
  // What is not an attempt's failure is a mistake of the code that opens sessions: no other endpoint would cure it.
  const { message } = MasterSlaveError.from(reason);
  const details = { endpoint, cause: reason, verdict: "stop" } as const;
  return new AttemptError("INTERNAL", `Opening ${formatAddress(endpoint)} failed unexpectedly: ${message}`, details);
}

/** The more a code tells of the peer, the earlier it stands: what one address answered says more than another's silence. */
const MOST_TELLING: readonly AttemptErrorCode[] = [
  "WRONG_PROTOCOL",
  "TLS_FAILED",
  "PROTOCOL_ERROR",
  "ENDPOINT_REJECTED",
  "CREDENTIALS_UNAVAILABLE",
  "ENDPOINT_CLOSED",
  "ENDPOINT_UNREACHABLE",
  "ENDPOINT_REFUSED",
];

/** All addresses of a name have failed with the verdict `next`; what each of them said is in the message and in `cause`. */
export function addressesFailed(endpoint: Endpoint, failures: ReadonlyMap<string, unknown>): AttemptError {
  const errors = [...failures.values()].map((failure) => attemptFailure(endpoint, failure));
  const rank = ({ code }: AttemptError) => (MOST_TELLING as readonly string[]).indexOf(code) + 1 || MOST_TELLING.length;
  const [telling] = [...errors].sort((a, b) => rank(a) - rank(b));
  const code = (telling?.code ?? "ENDPOINT_UNREACHABLE") as AttemptErrorCode;
  const where = formatAddress(endpoint);
  const said = byText([...failures.keys()], errors, `${where} `);
  const [text = "", addresses = []] = said.size === 1 ? ([...said][0] ?? []) : [];
  const message =
    said.size === 1
      ? `${where} ${text} (at ${addresses.join(" and ")})`
      : `${where} failed at each of its addresses: ${[...said].map(([what, at]) => `${at.join(" and ")} ${what}`).join("; ")}`;
  return new AttemptError(code, message, { endpoint, cause: new AggregateError(errors, message) });
}

/** Which addresses said the same, without the name in front of it. */
function byText(addresses: readonly string[], errors: readonly AttemptError[], prefix: string): Map<string, string[]> {
  const said = new Map<string, string[]>();
  for (const [index, { message }] of errors.entries()) {
    const text = message.startsWith(prefix) ? message.slice(prefix.length) : message;
    said.set(text, [...(said.get(text) ?? []), addresses[index] ?? ""]);
  }
  return said;
}
