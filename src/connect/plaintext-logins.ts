/**
 * Logins over connections without TLS: tokens are refused there, and every login that others could read raises a
 * warning.
 */
import { AttemptError, formatAddress, InvalidArgumentError } from "../errors/errors.ts";
import type { AdapterSettings, ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import { kindOf, type LoginKind } from "../messaging/port/login.ts";
import type { MessagingSession } from "../messaging/port/messaging-session.ts";
import type { OpenSession } from "../transport/dial/session.ts";
import { type Endpoint, isLoopback, isSecure } from "../uri/endpoint.ts";
import type { SaslMechanism } from "../uri/options/login-options.ts";
import type { CredentialsSource } from "./credentials.ts";

type AskLogin = AdapterSettings["credentials"];

export interface PlaintextOptions {
  /** The endpoints of the URI. */
  readonly endpoints: readonly Endpoint[];
  readonly allowPlaintext: boolean;
  /** Without PLAIN in this list SCRAM proves the password and never sends it. */
  readonly saslMechanisms: readonly SaslMechanism[] | undefined;
  readonly warn: (warning: ConnectionWarning) => void;
}

/** Whether others can read what is sent to this endpoint: it uses no TLS and is not on this machine. */
function isExposed(endpoint: Endpoint): boolean {
  return !isSecure(endpoint) && !isLoopback(endpoint);
}

const ADVICE = "write amqps://, stomp+ssl:// or ssl://, or say allowPlaintext: true if the network is trusted";

/** @throws INVALID_ARGUMENT if a token given by value or file would be sent to an endpoint of the URI in plain text. */
export function refuseExposedToken(
  source: CredentialsSource | undefined,
  { endpoints, allowPlaintext }: Pick<PlaintextOptions, "endpoints" | "allowPlaintext">,
): void {
  const given: { readonly token?: unknown; readonly tokenFile?: unknown } =
    typeof source === "object" ? Object(source) : {};
  if (allowPlaintext || (given.token === undefined && given.tokenFile === undefined)) return;
  const exposed = endpoints.find(isExposed);
  if (!exposed) return;
  const where = formatAddress(exposed);
  throw new InvalidArgumentError(`The credentials are a token, and ${where} would get it without TLS: ${ADVICE}`);
}

/** Guards and watches the logins of one connection. */
export class PlaintextLogins {
  readonly #options: PlaintextOptions;
  /** The kind of login that the attempt under way at an endpoint used. */
  readonly #kinds = new WeakMap<Endpoint, LoginKind>();

  constructor(options: PlaintextOptions) {
    this.#options = options;
  }

  /**
   * Returns `ask` with a check: a token for an exposed endpoint is refused with PLAINTEXT_REFUSED before anything is
   * sent.
   */
  guard(ask: AskLogin): AskLogin {
    return async (endpoint, context) => {
      const login = await ask(endpoint, context);
      const kind = kindOf(login);
      this.#kinds.set(endpoint, kind);
      if (kind === "token" && isExposed(endpoint) && !this.#options.allowPlaintext) throw this.#refusal(endpoint);
      return login;
    };
  }

  /** Returns `open` with a warning for each session whose login others could read. */
  watch(open: OpenSession<MessagingSession>): OpenSession<MessagingSession> {
    return async (endpoint, context) => {
      const session = await open(endpoint, context);
      this.#tell(endpoint);
      return session;
    };
  }

  #refusal(endpoint: Endpoint): AttemptError {
    // If no endpoint of the URI may have the token, no later attempt will succeed.
    const verdict = this.#options.endpoints.every(isExposed) ? "stop" : "next";
    const text = `${formatAddress(endpoint)} was not given the token, because the connection has no TLS: ${ADVICE}`;
    return new AttemptError("PLAINTEXT_REFUSED", text, { endpoint, verdict });
  }

  #tell(endpoint: Endpoint): void {
    const kind = this.#kinds.get(endpoint);
    if (!isExposed(endpoint) || (kind !== "password" && kind !== "token")) return;
    const { saslMechanisms, warn } = this.#options;
    if (kind === "password" && saslMechanisms !== undefined && !saslMechanisms.includes("PLAIN")) return;
    const where = formatAddress(endpoint);
    const scram = kind === "password" && endpoint.scheme.startsWith("amqp") ? ", unless the broker chose SCRAM" : "";
    const message = `The ${kind} went to ${where} without TLS: whoever sees the network can read it${scram}, and every message. Write amqps://, stomp+ssl:// or ssl://`;
    warn({ code: "PLAINTEXT_LOGIN", message, endpoint });
  }
}
