/** Node's and OpenSSL's codes as attempt errors: the table, case by case. */
import { describe, expect, it } from "vitest";
import { AttemptError } from "../../../../src/errors/errors.ts";
import { dialFailure } from "../../../../src/transport/dial/dial-failure.ts";

const endpoint = { scheme: "ssl", host: "broker", port: 61_612, options: {} } as const;
const fault = (code: string, message = "as Node words it") => Object.assign(new Error(message), { code });

describe("dialFailure", () => {
  it.each([
    ["ECONNREFUSED", "ENDPOINT_REFUSED"],
    ["ENOTFOUND", "ENDPOINT_UNKNOWN"],
    ["EAI_AGAIN", "ENDPOINT_UNKNOWN"],
    ["ENODATA", "ENDPOINT_UNKNOWN"],
    ["EHOSTUNREACH", "ENDPOINT_UNREACHABLE"],
    ["ENETUNREACH", "ENDPOINT_UNREACHABLE"],
    ["ETIMEDOUT", "ENDPOINT_UNREACHABLE"],
    ["EMFILE", "ENDPOINT_UNREACHABLE"],
    ["ECONNRESET", "ENDPOINT_CLOSED"],
    ["EPIPE", "ENDPOINT_CLOSED"],
    ["EPROTO", "TLS_FAILED"],
    ["ERR_SSL_WRONG_VERSION_NUMBER", "TLS_FAILED"],
    ["ERR_SSL_PACKET_LENGTH_TOO_LONG", "TLS_FAILED"],
    ["ERR_SSL_TLSV1_ALERT_UNKNOWN_CA", "TLS_FAILED"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "TLS_FAILED"],
    ["ERR_OSSL_PEM_NO_START_LINE", "TLS_FAILED"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "TLS_FAILED"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "TLS_FAILED"],
    ["UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "TLS_FAILED"],
    ["CERT_HAS_EXPIRED", "TLS_FAILED"],
  ])("reads %s as %s, which means next", (nodeCode, code) => {
    const cause = fault(nodeCode);
    expect(dialFailure(endpoint, cause)).toMatchObject({
      code,
      verdict: "next",
      retryable: true,
      cause,
      endpoint: { scheme: "ssl", host: "broker", port: 61_612 },
      message: expect.stringMatching(/^ssl:\/\/broker:61612 \S.*[^.]$/),
    });
  });

  it("keeps OpenSSL's own words and says which option names the authority to trust", () => {
    const { message } = dialFailure(endpoint, fault("SELF_SIGNED_CERT_IN_CHAIN", "self-signed certificate in chain"));
    expect(message).toContain("self-signed certificate in chain");
    expect(message).toContain("tls.ca");
  });

  it("passes an attempt error on, and takes what is no error at all", () => {
    const error = new AttemptError("WRONG_PROTOCOL", "it speaks OpenWire", { endpoint });
    expect(dialFailure(endpoint, error)).toBe(error);
    expect(dialFailure(endpoint, "just text")).toMatchObject({ code: "ENDPOINT_UNREACHABLE" });
  });
});
