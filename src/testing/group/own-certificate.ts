/**
 * A self-signed certificate for the members of one group: X.509 version 3 (RFC 5280) as DER, for this machine's
 * loopback names.
 */
import { generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** Key and certificate for a member's TLS server, as PEM. The certificate is its own authority. */
export interface OwnCertificate {
  readonly key: string;
  readonly cert: string;
}

const DAY_MS = 86_400_000;
const LIFE_DAYS = 365;
/** 1.2.840.10045.4.3.2, ecdsa-with-SHA256. */
const ECDSA_SHA256 = Buffer.from("300a06082a8648ce3d040302", "hex");
const COMMON_NAME = Buffer.from("0603550403", "hex");
/** 2.5.29.19, critical, CA:TRUE, so that Node's client accepts the certificate as its own authority. */
const BASIC_CONSTRAINTS = Buffer.from("300f0603551d130101ff040530030101ff", "hex");
const SUBJECT_ALT_NAME = Buffer.from("0603551d11", "hex");

/** Makes a P-256 key and a certificate for 127.0.0.1, ::1 and localhost, valid for a year from yesterday on. */
export function createOwnCertificate(): OwnCertificate {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(tagged(0x31, sequence(COMMON_NAME, tagged(0x0c, Buffer.from("masterslave embedded group")))));
  const now = Date.now();
  const content = sequence(
    tagged(0xa0, tagged(0x02, Buffer.of(2))),
    // The leading 01 makes the serial number positive.
    tagged(0x02, Buffer.concat([Buffer.of(1), randomBytes(8)])),
    ECDSA_SHA256,
    name,
    sequence(time(now - DAY_MS), time(now + LIFE_DAYS * DAY_MS)),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    tagged(0xa3, sequence(BASIC_CONSTRAINTS, alternativeNames())),
  );
  const signature = sign("sha256", content, privateKey);
  const certificate = sequence(content, ECDSA_SHA256, tagged(0x03, Buffer.concat([Buffer.of(0), signature])));
  const lines = certificate.toString("base64").replace(/.{64}(?=.)/g, "$&\n");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  };
}

function alternativeNames(): Buffer {
  const names = sequence(
    tagged(0x82, Buffer.from("localhost")),
    tagged(0x87, Buffer.of(127, 0, 0, 1)),
    tagged(0x87, Buffer.concat([Buffer.alloc(15), Buffer.of(1)])),
  );
  return sequence(SUBJECT_ALT_NAME, tagged(0x04, names));
}

/** UTCTime until 2049, GeneralizedTime after that (RFC 5280, 4.1.2.5). */
function time(atMs: number): Buffer {
  const digits = new Date(atMs).toISOString().replace(/\..*|[-:T]/g, "");
  const year = Number(digits.slice(0, 4));
  return year < 2050 ? tagged(0x17, Buffer.from(`${digits.slice(2)}Z`)) : tagged(0x18, Buffer.from(`${digits}Z`));
}

function sequence(...parts: readonly Buffer[]): Buffer {
  return tagged(0x30, Buffer.concat(parts));
}

/** A DER element: tag, length and content. */
function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const bytes = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, ...bytes), content]);
}
