/**
 * Makes the error of a failed attempt: from anything that was thrown, and from the failures of all addresses of a name.
 */
import {
  AttemptError,
  type AttemptErrorCode,
  formatAddress,
  MasterSlaveError,
  SessionLostError,
} from "../../errors/errors.ts";
import type { Endpoint } from "../../uri/endpoint.ts";
import { dialFailure } from "./dial-failure.ts";

/** Turns anything that opening a session may throw into an AttemptError with its verdict. */
export function attemptFailure(endpoint: Endpoint, reason: unknown): AttemptError {
  if (reason instanceof AttemptError) return reason;
  if (reason instanceof SessionLostError) {
    return new AttemptError("ENDPOINT_CLOSED", reason.message, { endpoint, cause: reason });
  }
  // A system error names the failed call; a foreign OpenSession passes such errors on.
  if (reason instanceof Error && "syscall" in reason) return dialFailure(endpoint, reason);
  // Anything else is a bug in the code that opens sessions: no other endpoint would help.
  const { message } = MasterSlaveError.from(reason);
  const details = { endpoint, cause: reason, verdict: "stop" } as const;
  return new AttemptError("INTERNAL", `Opening ${formatAddress(endpoint)} failed unexpectedly: ${message}`, details);
}

/** The codes that tell more about the peer come first: an answer from one address tells more than another's silence. */
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

/**
 * The error when all addresses of a name have failed with the verdict `next`; each answer is in the message and in
 * `cause`.
 */
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

/** Groups the addresses that gave the same answer, without the name in front. */
function byText(addresses: readonly string[], errors: readonly AttemptError[], prefix: string): Map<string, string[]> {
  const said = new Map<string, string[]>();
  for (const [index, { message }] of errors.entries()) {
    const text = message.startsWith(prefix) ? message.slice(prefix.length) : message;
    said.set(text, [...(said.get(text) ?? []), addresses[index] ?? ""]);
  }
  return said;
}
