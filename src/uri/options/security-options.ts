/** The options about plain text and about endpoints that brokers name; a part of the table in option-table.ts. */
import type { OptionSpec } from "./option-spec.ts";

export const SECURITY_OPTIONS = {
  allowPlaintext: {
    type: "boolean",
    scope: "group",
    origin: "ours",
    default: false,
    sentence:
      "Whether a group may mix endpoints with and without TLS, and whether a token may go to a plain endpoint beyond this machine. Even then a plain endpoint is never tried while a secure one of the URI fails with TLS_FAILED, and each session that a login reached in plain text raises the warning PLAINTEXT_LOGIN.",
  },
  requireTls: {
    type: "boolean",
    scope: "group",
    origin: "ours",
    default: false,
    sentence: "Whether a URI with a plain endpoint is refused, this machine's own included.",
  },
  alternates: {
    type: "choice",
    choices: ["listed", "any"],
    scope: "group",
    origin: "ours",
    default: "listed",
    sentence:
      "Which endpoints named by an AMQP broker (failover-server-list, redirects) are tried, and so given the login: `listed` takes those on hosts of the URI, whatever the port; `any` takes all of them. In code it may also be a function `(endpoint) => boolean`. An endpoint that is not taken raises the warning ALTERNATE_REFUSED, one that is added the event `alternate`.",
  },
} as const satisfies Readonly<Record<string, OptionSpec>>;
