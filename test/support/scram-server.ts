/** The server's side of SCRAM, as a mechanism for rhea's listening side. It can be told to break the rules. */
import { createHash, createHmac, pbkdf2Sync } from "node:crypto";

export interface ScramServerOptions {
  readonly username: string;
  readonly password: string;
  readonly iterations?: number;
  readonly salt?: string;
  /** How to answer the client's first message, as `r=…,s=…,i=…`. */
  readonly first?: (message: string) => string;
  /** How to answer the client's last message, as `v=…`; "skip" lets the client in without it. */
  readonly last?: "skip" | ((message: string) => string);
}

interface ServerMechanism {
  outcome: boolean | undefined;
  username: string | undefined;
  start(response: Buffer): string;
  step(response: Buffer): string;
}

/** A factory for `container.sasl_server_mechanisms["SCRAM-SHA-…"]`. */
export function scramServer(hash: "sha256" | "sha512", options: ScramServerOptions): () => ServerMechanism {
  const { username, password, iterations = 4096, salt = "W22ZaJ0SNY7soEsUEjb6gQ==" } = options;
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  const digest = (data: Buffer) => createHash(hash).update(data).digest();
  const bytes = hash === "sha256" ? 32 : 64;
  return () => {
    let bare = "";
    let first = "";
    let proven = false;
    return {
      outcome: undefined,
      username: undefined,
      start(response) {
        bare = response.toString().replace(/^n,,/, "");
        const nonce = /r=(.*)$/.exec(bare)?.[1];
        first = `r=${nonce}server,s=${salt},i=${iterations}`;
        first = options.first?.(first) ?? first;
        return first;
      },
      step(response) {
        if (proven) {
          this.outcome = true;
          return "";
        }
        const said = response.toString();
        const [withoutProof = "", proof = ""] = said.split(",p=");
        const salted = pbkdf2Sync(password, Buffer.from(salt, "base64"), iterations, bytes, hash);
        const exchange = `${bare},${first},${withoutProof}`;
        const signature = hmac(digest(hmac(salted, "Client Key")), exchange);
        const key = Buffer.from(proof, "base64").map((byte, index) => byte ^ (signature[index] ?? 0));
        const known =
          bare.startsWith(`n=${username},`) && digest(Buffer.from(key)).equals(digest(hmac(salted, "Client Key")));
        if (!known || options.last === "skip") {
          this.outcome = known;
          return "";
        }
        proven = true;
        const last = `v=${hmac(hmac(salted, "Server Key"), exchange).toString("base64")}`;
        return options.last?.(last) ?? last;
      },
    };
  };
}
