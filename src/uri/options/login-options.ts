/** The options about logging in; a part of the table in option-table.ts. */
import type { OptionSpec } from "./option-spec.ts";

export const SASL_MECHANISMS = [
  "SCRAM-SHA-512",
  "SCRAM-SHA-256",
  "PLAIN",
  "OAUTHBEARER",
  "XOAUTH2",
  "EXTERNAL",
  "ANONYMOUS",
] as const;
/** The known SASL mechanisms; only AMQP has them. */
export type SaslMechanism = (typeof SASL_MECHANISMS)[number];

export const LOGIN_OPTIONS = {
  saslMechanisms: {
    type: "list",
    choices: SASL_MECHANISMS,
    scope: "group",
    origin: "qpid",
    aliases: ["amqp.saslMechanisms"],
    default: "what fits the login",
    java: "Qpid JMS: all that it knows and that fit the login",
    sentence:
      "AMQP only: which SASL mechanisms may be used, the preferred one first, separated by commas. By default a password goes by SCRAM-SHA-512, SCRAM-SHA-256 or PLAIN, a token by OAUTHBEARER, XOAUTH2 or PLAIN, a client certificate by EXTERNAL or ANONYMOUS, whichever of them the broker offers first in this order. Without PLAIN in the list no password ever leaves the process.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
