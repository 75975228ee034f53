/** Explains errors of Node, OpenSSL and the peer's alerts in a failed TLS handshake, and says what to do. */
import type { TlsMaterial } from "./tls-material.ts";

type ClientCertificate = TlsMaterial["clientCertificate"];

/** What we had presented when the handshake failed. */
export interface OurSide {
  readonly certificate: ClientCertificate;
  /** The peer had shown its certificate: version and cipher were agreed, so a refusal concerns our side. */
  readonly agreed: boolean;
}

const NOTHING_SHOWN: OurSide = { certificate: "none", agreed: false };

const UNKNOWN_AUTHORITY =
  "has a certificate of an authority that is not trusted here: name it in tls.ca or tls.caFile (a chain that lacks its middle looks the same)";
const CLOCK = "or the clock of this machine is wrong";

/** The failures of our own check of the peer's certificate. */
const OUR_VERDICTS: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: `has a certificate that has expired, ${CLOCK}: renew it at the broker`,
  CERT_NOT_YET_VALID: `has a certificate that is not yet valid, ${CLOCK}`,
  DEPTH_ZERO_SELF_SIGNED_CERT: UNKNOWN_AUTHORITY,
  SELF_SIGNED_CERT_IN_CHAIN: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT: UNKNOWN_AUTHORITY,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNKNOWN_AUTHORITY,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNKNOWN_AUTHORITY,
  CERT_REVOKED: "has a certificate that was revoked: renew it at the broker",
  UNABLE_TO_GET_CRL:
    "has a certificate whose issuer has no revocation list in tls.crl or tls.crlFile: with lists given, every issuer of the chain needs one",
  CRL_HAS_EXPIRED: `has a certificate whose revocation list in tls.crl or tls.crlFile has expired, ${CLOCK}: fetch a new list`,
  CRL_NOT_YET_VALID: `has a certificate whose revocation list in tls.crl or tls.crlFile is not yet valid, ${CLOCK}`,
  INVALID_PURPOSE: "has a certificate that is not for servers",
  ERR_TLS_CERT_ALTNAME_INVALID:
    "has a certificate for another name: dial it by a name it has, or say that name in tls.servername",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "was not asked: tls.minVersion and tls.maxVersion leave no version of TLS",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "speaks only versions of TLS that tls.minVersion forbids here (TLSv1.2 by default)",
  ERR_SSL_NO_CIPHER_MATCH: "was not asked: tls.ciphers names no cipher that is known here",
  ERR_SSL_EE_KEY_TOO_SMALL: "has a certificate whose key is too small to be safe",
  ERR_SSL_DH_KEY_TOO_SMALL: "offers a key exchange that is too weak to be safe",
};

export const NOT_TLS = "does not speak TLS on this port: use stomp:// or amqp://, or the broker's TLS port";

/** Codes that mean that the peer's first bytes are no TLS record. */
const NOT_TLS_CODES =
  /^ERR_SSL_(WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNKNOWN_PROTOCOL|HTTP_REQUEST|BAD_RECORD_TYPE)/;

/** What the peer objects to, by the name of its alert (RFC 8446, 6.2). */
function alertMeaning(name: string, { certificate: mine, agreed }: OurSide): string | undefined {
  const none = "asks for a client certificate, and none is given: see tls.certFile and tls.keyFile, or tls.pfxFile";
  if (/CERTIFICATE_REQUIRED|NO_CERTIFICATE/.test(name)) return none;
  if (mine === "none" && /BAD_CERTIFICATE|CERTIFICATE_UNKNOWN/.test(name)) return none;
  // Java since 17.0.21 sends this where OpenSSL sends CERTIFICATE_REQUIRED and older Java sends BAD_CERTIFICATE.
  if (mine === "none" && agreed && /HANDSHAKE_FAILURE/.test(name)) return none;
  if (mine === "none" && /HANDSHAKE_FAILURE/.test(name)) {
    return "refused the TLS handshake: it asks for a client certificate and none is given (tls.certFile, tls.keyFile), or there is no cipher and version in common";
  }
  if (/CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR/.test(name)) {
    const dates = /^expired/.test(mine) ? `it ${mine}` : `it is ${mine}`;
    const why = mine === "given" || mine === "none" ? "its authority must be in the broker's trust store" : dates;
    return `refuses the client certificate (tls.certFile): ${why}`;
  }
  if (/PROTOCOL_VERSION/.test(name)) {
    return "speaks no version of TLS that is allowed here: see tls.minVersion (TLSv1.2 by default) and tls.maxVersion";
  }
  if (/HANDSHAKE_FAILURE|INSUFFICIENT_SECURITY/.test(name)) {
    return "refused the TLS handshake: there is no cipher and version in common, or it does not like the client certificate";
  }
  if (/UNRECOGNIZED_NAME/.test(name)) return "serves no such name: see tls.servername";
  return undefined;
}

/** Node's own servers close without an alert when they refuse a certificate; this text follows "or". */
export function closedOverCertificate(mine: ClientCertificate = "none"): string {
  if (mine === "none") return "it asks for a client certificate (tls.certFile, tls.keyFile)";
  const dates = mine === "given" ? "" : `, which ${/^expired/.test(mine) ? mine : `is ${mine}`}`;
  return `it does not take the client certificate${dates}`;
}

/**
 * Explains a TLS failure, or returns undefined for a code that has nothing to do with TLS. The text follows the
 * endpoint's address.
 */
export function tlsFailure(nodeCode: string, said: string, mine: OurSide = NOTHING_SHOWN): string | undefined {
  const ours = OUR_VERDICTS[nodeCode];
  if (ours !== undefined) return `${ours} (${said})`;
  if (NOT_TLS_CODES.test(nodeCode)) return NOT_TLS;
  const alert = /^ERR_SSL_(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(\w+)$/.exec(nodeCode)?.[1];
  const meaning = alert === undefined ? undefined : alertMeaning(alert, mine);
  if (meaning !== undefined) return `${meaning} (alert ${alert?.toLowerCase().replaceAll("_", " ")})`;
  if (/^ERR_(SSL|TLS|OSSL|CRYPTO)|^EPROTO$|CERT|ISSUER|SIGNATURE|CRL/.test(nodeCode)) {
    return `failed the TLS handshake: ${said}`;
  }
  return undefined;
}

/** The key under which an error of a TLS socket records what we had presented: the error outlives the socket. */
const OUR_SIDE = Symbol("our side of the TLS handshake");

export function noteOurSide(error: Error, mine: OurSide): void {
  Object.defineProperty(error, OUR_SIDE, { value: mine, configurable: true });
}

export function ourSideOf(error: object): OurSide | undefined {
  return Reflect.get(error, OUR_SIDE) as OurSide | undefined;
}
