/** The attempt's failure for a login that did not succeed. */
import { AttemptError, AuthenticationError, formatAddress } from "../../../errors/errors.ts";
import { printableLine } from "../../../errors/printable.ts";
import { type LoginKind, WRONG_LOGIN } from "../../../messaging/port/login.ts";
import type { Endpoint } from "../../../uri/endpoint.ts";
import { SASL_MECHANISMS } from "../../../uri/options/login-options.ts";
import type { ConnectionEnding } from "../sasl/connection-ending.ts";
import { type FailureMeaning, OTHER, SASL_OUTCOMES } from "./failure-table.ts";

export function loginFailure(
  endpoint: Endpoint,
  ending: Extract<ConnectionEnding, { kind: `sasl-${string}` }>,
): AttemptError {
  const where = formatAddress(endpoint);
  if (ending.kind === "sasl-unsendable")
    return failure(OTHER.unsendable, `${where} was not asked: ${ending.text}`, endpoint);
  if (ending.kind === "sasl-untrusted") {
    const text = `${where} cannot be trusted: ${printableLine(ending.text)}; ${OTHER.untrusted.hint}`;
    return failure(OTHER.untrusted, text, endpoint);
  }
  if (ending.kind === "sasl-unusable") {
    const may = ending.allowed.join(", ");
    const text = `${where} cannot take the login: it offers ${showMechanisms(ending.offered)}; allowed here for ${LOGIN_NAMES[ending.login]}: ${may}; ${OTHER.noMechanism.hint}`;
    return failure(OTHER.noMechanism, text, endpoint);
  }
  const { outcome, login, said } = ending;
  const found = (Object.hasOwn(SASL_OUTCOMES, outcome) && SASL_OUTCOMES[outcome]) || SASL_OUTCOMES[1];
  const hint = found === SASL_OUTCOMES[1] ? WRONG_LOGIN[login] : found?.hint;
  const detail = said === undefined ? "" : `, ${printableLine(said)}`;
  return failure(found, `${where} refused the login: ${hint} (SASL outcome ${outcome}${detail})`, endpoint);
}

const LOGIN_NAMES: Readonly<Record<LoginKind, string>> = {
  password: "a password",
  token: "a token",
  external: "a client certificate",
  nobody: "no login",
};

/** A peer's list of mechanisms that is safe to show: known ones, and of the others only those that look like a name. */
function showMechanisms(offered: readonly string[]): string {
  const known = offered.filter((name) => SASL_MECHANISMS.some((mechanism) => mechanism === name));
  const others = offered.filter((name) => !known.includes(name) && /^[A-Z0-9_-]{1,20}$/.test(name));
  return [...known, ...others].slice(0, 12).join(", ") || "none";
}

/** Makes the error for a row of the table. */
export function failure(
  found: FailureMeaning | undefined,
  text: string,
  endpoint: Endpoint,
  cause?: unknown,
): AttemptError {
  const { code, verdict } = found ?? OTHER.condition;
  if (code === "AUTHENTICATION_FAILED") return new AuthenticationError(text, { endpoint, cause });
  return new AttemptError(code, text, { endpoint, verdict, cause });
}
