/** The SASL mechanisms: which of them fit a login, in which order, and what each sends. */

import { kindOf, type Login, type LoginKind, TOKEN_USER, textsOf } from "../../../messaging/port/login.ts";
import type { SaslMechanism } from "../../../uri/options/login-options.ts";
import type { SaslExchange } from "./sasl-exchange.ts";
import { scram } from "./scram.ts";

/** Artemis reads SCRAM as ASCII, contrary to RFC 5802: a name or password outside ASCII cannot log in there. */
export function isLostOnArtemis(mechanism: SaslMechanism, login: Login | undefined): boolean {
  return mechanism.startsWith("SCRAM-") && textsOf(login).some((text) => /[^\x20-\x7e]/.test(text));
}

/** The mechanisms that can carry each kind of login, the best first. */
const FITTING: Readonly<Record<LoginKind, readonly SaslMechanism[]>> = {
  password: ["SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN"],
  token: ["OAUTHBEARER", "XOAUTH2", "PLAIN"],
  // Classic does not know EXTERNAL: there the certificate logs in a client that comes as ANONYMOUS.
  external: ["EXTERNAL", "ANONYMOUS"],
  nobody: ["ANONYMOUS"],
};

/** The mechanisms that may be used for this login; empty if none of `allowed` can carry it. */
export function candidates(
  login: Login | undefined,
  allowed: readonly SaslMechanism[] | undefined,
): readonly SaslMechanism[] {
  const fitting = FITTING[kindOf(login)];
  return allowed ? allowed.filter((mechanism) => fitting.includes(mechanism)) : fitting;
}

/** Begins the exchange of a mechanism that `candidates` returned for this login. */
export function exchangeOf(mechanism: SaslMechanism, login: Login | undefined): SaslExchange {
  if (login === undefined || mechanism === "ANONYMOUS") return single("anonymous");
  if ("external" in login) return single(login.username ?? "");
  if ("token" in login) return tokenExchange(mechanism, login.token, login.username);
  if (mechanism === "SCRAM-SHA-256" || mechanism === "SCRAM-SHA-512") return scram(mechanism, login);
  return single(`\u0000${login.username}\u0000${login.password}`);
}

function tokenExchange(mechanism: SaslMechanism, token: string, username: string | undefined): SaslExchange {
  if (mechanism === "OAUTHBEARER") {
    // RFC 7628, 3.1.
    const authzid = username === undefined ? "" : `a=${username.replaceAll("=", "=3D").replaceAll(",", "=2C")}`;
    return bearer(`n,${authzid},\u0001auth=Bearer ${token}\u0001\u0001`, "\u0001");
  }
  if (mechanism === "XOAUTH2") return bearer(`user=${username ?? ""}\u0001auth=Bearer ${token}\u0001\u0001`, "");
  return single(`\u0000${username ?? TOKEN_USER}\u0000${token}`);
}

/** An exchange with one response. */
function single(response: string): SaslExchange {
  return {
    start: async () => Buffer.from(response),
    step: async () => {
      throw new Error("it sent a challenge that this mechanism does not have");
    },
    accept: () => {},
  };
}

/**
 * A refusal comes as a challenge with its reason, which must be answered before the outcome follows (RFC 7628, 3.2.3).
 */
function bearer(response: string, acknowledgement: string): SaslExchange {
  let reason: string | undefined;
  return {
    ...single(response),
    async step(challenge) {
      if (reason !== undefined) throw new Error("it sent a second challenge, which this mechanism does not have");
      reason = statusIn(challenge.toString());
      return Buffer.from(acknowledgement);
    },
    get reason() {
      return reason;
    },
  };
}

/** Returns `invalid_token` from `{"status":"invalid_token"}`; Artemis sends it in base64. */
function statusIn(text: string): string {
  for (const json of [text, Buffer.from(text, "base64").toString()]) {
    const status = /"status"\s*:\s*"([\w .-]{1,60})"/.exec(json)?.[1];
    if (status !== undefined) return status;
  }
  return "no reason given";
}
