/** What a failed dial means: Node's and OpenSSL's codes as one of our attempt errors. */
import { AttemptError, type AttemptErrorCode, formatAddress } from "../errors.ts";
import type { Endpoint } from "../uri/endpoint.ts";

interface Meaning {
  readonly code: AttemptErrorCode;
  readonly text: string;
}

const MEANINGS: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: { code: "ENDPOINT_REFUSED", text: "refused the connection: nothing listens there, as on a standby" },
  ENOTFOUND: { code: "ENDPOINT_UNKNOWN", text: "has a host name that does not resolve" },
  EAI_AGAIN: {
    code: "ENDPOINT_UNKNOWN",
    text: "has a host name that cannot be resolved at the moment: no name server answers, or it failed",
  },
  ENODATA: { code: "ENDPOINT_UNKNOWN", text: "has a host name without an address" },
  EHOSTUNREACH: { code: "ENDPOINT_UNREACHABLE", text: "is unreachable: no route to the host" },
  ENETUNREACH: { code: "ENDPOINT_UNREACHABLE", text: "is unreachable: no route to its network" },
  ETIMEDOUT: { code: "ENDPOINT_UNREACHABLE", text: "did not answer: the system gave up connecting" },
  ECONNRESET: { code: "ENDPOINT_CLOSED", text: "closed the connection before it could be used" },
  EPIPE: { code: "ENDPOINT_CLOSED", text: "closed the connection before it could be used" },
  EPROTO: { code: "TLS_FAILED", text: "does not speak TLS on this port, or no version of it that is allowed here" },
};

/** Any failure of a dial, with the endpoint, what was found and what to do. Verdict: `next`. */
export function dialFailure(endpoint: Endpoint, cause: unknown): AttemptError {
  if (cause instanceof AttemptError) return cause;
  const nodeCode = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  const { code, text } = MEANINGS[nodeCode] ?? tlsMeaning(nodeCode, cause);
  return new AttemptError(code, `${formatAddress(endpoint)} ${text}`, { endpoint, cause });
}

/** OpenSSL names certificate trouble in a hundred ways; all of them are TLS_FAILED, with its own words kept. */
function tlsMeaning(nodeCode: string, cause: unknown): Meaning {
  const said = cause instanceof Error ? cause.message : String(cause);
  if (nodeCode.startsWith("ERR_SSL_WRONG_VERSION") || nodeCode.startsWith("ERR_SSL_PACKET_LENGTH")) {
    return {
      code: "TLS_FAILED",
      text: "does not speak TLS on this port: use stomp:// or amqp://, or the broker's TLS port",
    };
  }
  if (/^ERR_(SSL|TLS|OSSL|CRYPTO)|CERT|ISSUER|SIGNATURE|CRL/.test(nodeCode)) {
    return { code: "TLS_FAILED", text: `failed the TLS handshake: ${said} (tls.ca names the authority to trust)` };
  }
  return { code: "ENDPOINT_UNREACHABLE", text: `cannot be reached: ${said}` };
}
