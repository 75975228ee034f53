/** The part of an OpenID provider that a broker uses: its keys, and tokens signed with them. */
import { generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface OpenIdProvider {
  readonly url: string;
  /** Returns a signed token for the audience `artemis`; the given claims override the defaults. */
  token(claims: Readonly<Record<string, unknown>>): string;
  close(): void;
}

export async function startOpenIdProvider(): Promise<OpenIdProvider> {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const key = { ...publicKey.export({ format: "jwk" }), kid: "1", use: "sig", alg: "RS256" };
  const server = createServer((request, response) => {
    const answers: Record<string, unknown> = {
      "/.well-known/openid-configuration": { issuer: url, jwks_uri: `${url}/keys` },
      "/keys": { keys: [key] },
    };
    const answer = answers[request.url ?? ""];
    response.writeHead(answer ? 200 : 404, { "content-type": "application/json" });
    response.end(JSON.stringify(answer ?? {}));
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return {
    url,
    token(claims) {
      const nowS = Math.floor(Date.now() / 1000);
      const all = { iss: url, aud: "artemis", azp: "tests", iat: nowS, exp: nowS + 600, ...claims };
      const text = `${part({ alg: "RS256", kid: "1", typ: "JWT" })}.${part(all)}`;
      return `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
    },
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
