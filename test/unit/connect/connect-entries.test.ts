/** The types that the signatures of the three entries use are to be had from each of them: this file compiles. */
import { describe, expect, it } from "vitest";
import * as amqp from "../../../src/connect/amqp.ts";
import * as stomp from "../../../src/connect/stomp.ts";
import * as whole from "../../../src/index.ts";

const SIGNAL = new AbortController().signal;

describe("the types of an entry", () => {
  it("write a function for credentials and one for tls", () => {
    const login = (_endpoint: whole.Endpoint, _context: whole.LoginContext): whole.LoginCredentials => ({ token: "t" });
    const byAmqp: amqp.CredentialsSource = (endpoint: amqp.Endpoint, context: amqp.LoginContext) =>
      login(endpoint, context);
    const tls: stomp.TlsSource = (_endpoint: stomp.Endpoint, { signal }: stomp.TlsContext): stomp.TlsOptions => {
      expect(signal).toBe(SIGNAL);
      return { caFile: "/ca.pem" satisfies stomp.FilePath };
    };
    const options: amqp.ConnectionOptions & stomp.ConnectOptions = { credentials: byAmqp, tls };
    const connections: (amqp.Connection | stomp.Connection)[] = [
      whole.createConnection("amqps://a.example:1", options),
      amqp.createConnection("ssl://a.example:1", options),
      stomp.createConnection("ssl://a.example:1", options),
    ];
    expect(connections.map(({ state }) => state.name)).toEqual(["idle", "idle", "idle"]);
    const endpoint: whole.Endpoint = { scheme: "ssl", host: "a", port: 1, options: {} };
    expect(typeof tls === "function" && tls(endpoint, { signal: SIGNAL })).toEqual({ caFile: "/ca.pem" });
  });
});
