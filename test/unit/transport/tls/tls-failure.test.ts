/** Java's words on a client certificate changed with its version: what they mean depends on how far the handshake was. */
import { describe, expect, it } from "vitest";
import { tlsFailure } from "../../../../src/transport/tls/tls-failure.ts";

const FAILURE = "ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE";

describe("the alert handshake_failure", () => {
  it("is about the certificate that was not shown once version and cipher are agreed", () => {
    expect(tlsFailure(FAILURE, "said", { certificate: "none", agreed: true })).toMatch(
      /^asks for a client certificate, and none is given: see tls\.certFile .* \(alert handshake failure\)$/,
    );
  });

  it("may be about ciphers before", () => {
    const ours = { certificate: "none", agreed: false } as const;
    expect(tlsFailure(FAILURE, "said", ours)).toMatch(/none is given .*, or there is no cipher and version in common/);
    expect(tlsFailure(FAILURE, "said", ours)).toBe(tlsFailure(FAILURE, "said"));
  });

  it("may be about the certificate that was shown", () => {
    expect(tlsFailure(FAILURE, "said", { certificate: "given", agreed: true })).toMatch(
      /does not like the client cert/,
    );
  });
});
