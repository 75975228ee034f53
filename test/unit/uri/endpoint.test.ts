/** What an endpoint's scheme says of it. */
import { describe, expect, it } from "vitest";
import { ENDPOINT_SCHEMES, isSecure, protocolOf } from "../../../src/uri/endpoint.ts";

describe("an endpoint's scheme", () => {
  it("tells whether TLS is spoken", () => {
    const secure = ENDPOINT_SCHEMES.filter((scheme) => isSecure({ scheme }));
    expect(secure).toEqual(["ssl", "stomp+ssl", "stomps", "amqps", "amqp+ssl"]);
  });

  it("tells the protocol, except tcp and ssl", () => {
    expect(ENDPOINT_SCHEMES.map(protocolOf)).toEqual([
      undefined,
      undefined,
      "stomp",
      "stomp",
      "stomp",
      "amqp",
      "amqp",
      "amqp",
    ]);
  });
});
