/**
 * SCRAM (RFC 5802, RFC 7677): proves to the server that we know the password without sending it, and has the server
 * prove the same.
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from "node:crypto";
import { promisify } from "node:util";
import type { PasswordLogin } from "../../../messaging/port/login.ts";
import type { SaslExchange } from "./sasl-exchange.ts";

const derive = promisify(pbkdf2);

const HASHES = {
  "SCRAM-SHA-256": { hash: "sha256", bytes: 32 },
  "SCRAM-SHA-512": { hash: "sha512", bytes: 64 },
} as const;
export type ScramMechanism = keyof typeof HASHES;

/** The minimum of RFC 7677: with fewer iterations a false server could cheaply guess the password from our proof. */
const MIN_ITERATIONS = 4096;
/** About a second of one core. A server may ask for 2^31. */
const MAX_ITERATIONS = 1_000_000;
/** No channel binding: the header of RFC 5801, and the same in base64. */
const NO_BINDING = "n,,";
const NO_BINDING_BASE64 = "biws";

/**
 * `nonce` is for the test vectors of the RFCs. Each step rejects, with a text for the user, if the server breaks the
 * rules.
 */
export function scram(mechanism: ScramMechanism, login: PasswordLogin, nonce = randomNonce()): SaslExchange {
  const { hash, bytes } = HASHES[mechanism];
  const hmac = (key: Buffer, text: string) => createHmac(hash, key).update(text).digest();
  let firstBare = "";
  let expected: Buffer | undefined;
  let stage: "first" | "proof" | "signature" | "done" = "first";

  async function prove(challenge: Buffer): Promise<Buffer> {
    stage = "proof";
    const serverFirst = challenge.toString();
    const { r, salt, iterations } = readServerFirst(serverFirst, nonce);
    const salted = await derive(await prepared(login.password, "stored"), salt, iterations, bytes, hash);
    const withoutProof = `c=${NO_BINDING_BASE64},r=${r}`;
    const exchange = `${firstBare},${serverFirst},${withoutProof}`;
    const clientKey = hmac(salted, "Client Key");
    const signature = hmac(createHash(hash).update(clientKey).digest(), exchange);
    const proof = Buffer.from(clientKey.map((byte, index) => byte ^ (signature[index] ?? 0)));
    expected = hmac(hmac(salted, "Server Key"), exchange);
    stage = "signature";
    return Buffer.from(`${withoutProof},p=${proof.toString("base64")}`);
  }

  function verify(final: Buffer): void {
    const { v, e } = attributes(final.toString());
    if (e !== undefined) return;
    const signature = Buffer.from(v ?? "", "base64");
    if (!expected || signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
      throw new Error("it could not prove that it knows the password");
    }
    stage = "done";
  }

  return {
    async start() {
      firstBare = `n=${escaped(await prepared(login.username, "query"))},r=${nonce}`;
      return Buffer.from(NO_BINDING + firstBare);
    },
    async step(challenge) {
      if (stage === "first") return prove(challenge);
      if (stage !== "signature") throw new Error("it sent a challenge where SCRAM has none");
      verify(challenge);
      return Buffer.alloc(0);
    },
    accept(additional) {
      if (stage === "signature" && additional !== undefined) verify(additional);
      if (stage !== "done") throw new Error("it accepted the login without proving that it knows the password");
    },
  };
}

/** Reads the server's first message (RFC 5802, 5.1). @throws if it breaks the rules. */
function readServerFirst(text: string, nonce: string) {
  const { r, s, i } = attributes(text);
  if (r === undefined || !r.startsWith(nonce) || r === nonce) throw new Error("it did not go on from our nonce");
  const salt = Buffer.from(s ?? "", "base64");
  if (salt.length === 0) throw new Error("it sent no salt");
  return { r, salt, iterations: checkedIterations(i) };
}

function randomNonce(): string {
  return randomBytes(24).toString("base64");
}

/**
 * Reads `r=…,s=…,i=…`: an attribute name is one letter (RFC 5802, 5.1). Throws for `m`, a mandatory extension: none is
 * supported.
 */
function attributes(message: string): Partial<Record<string, string>> {
  const entries = message.split(",").filter((part) => part[1] === "=");
  if (entries.some((part) => part[0] === "m"))
    throw new Error("it asks for an extension of SCRAM (m=), which RFC 5802, 5.1 has us refuse");
  return Object.fromEntries(entries.map((part) => [part[0], part.slice(2)]));
}

function checkedIterations(text: string | undefined): number {
  const iterations = /^\d{1,10}$/.test(text ?? "") ? Number(text) : 0;
  if (iterations < MIN_ITERATIONS || iterations > MAX_ITERATIONS) {
    throw new Error(`it asks for ${iterations} iterations, and ${MIN_ITERATIONS} to ${MAX_ITERATIONS} are taken`);
  }
  return iterations;
}

/** A comma would end the attribute, and an equals sign begins an escape (RFC 5802, 5.1). */
function escaped(username: string): string {
  return username.replaceAll("=", "=3D").replaceAll(",", "=2C");
}

/**
 * Applies SASLprep (RFC 4013), so that two ways to type one character give one password. Its tables are loaded only for
 * texts outside ASCII. A name is a query, which may have characters unknown to Unicode 3.2; a password is a stored
 * string (RFC 5802, 5.1).
 */
async function prepared(text: string, as: "query" | "stored"): Promise<string> {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const { saslprep } = await import("@mongodb-js/saslprep");
  try {
    return saslprep(text, { allowUnassigned: as === "query" });
  } catch {
    // The library's message would show the character.
    throw new UnsendableLogin(
      "The user name or the password has a character that SASLprep (RFC 4013) forbids in SCRAM",
    );
  }
}

/** The login cannot be sent; the fault is not the server's. */
export class UnsendableLogin extends Error {}
