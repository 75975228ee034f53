/**
 * Secrets that the tests use and that must not appear in any output. Whoever plants a secret records it here, so that
 * the search after a run knows which secrets were used. Without SECRETS_DIRECTORY nothing is recorded.
 */

import { randomUUID } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export type SecretKind = "password" | "token" | "key";

export interface Secret {
  readonly kind: SecretKind;
  readonly value: string;
}

/** A form in which a secret may be printed, as the bytes to search for. */
export interface SecretForm {
  readonly kind: SecretKind;
  readonly form: string;
  readonly text: string;
}

const planted = new Set<string>();

/** Records the secret as used, and returns it. */
export function plant(kind: SecretKind, value: string): string {
  const directory = process.env["SECRETS_DIRECTORY"];
  if (!directory || planted.has(value)) return value;
  planted.add(value);
  const folder = join(directory, "planted");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${randomUUID()}.json`), JSON.stringify({ kind, value } satisfies Secret));
  return value;
}

/** Returns every form in which a log, an error or an inspection might show the secret. */
export function formsOf({ kind, value }: Secret): readonly SecretForm[] {
  const lines = value.split("\n");
  // Of a PEM file, only the lines of the key itself are secret.
  const texts = lines.length > 1 ? lines.filter((line) => /^[\w+/]{40,}={0,2}$/.test(line)) : [value];
  const found = texts.flatMap((text) => {
    const bytes = Buffer.from(text);
    const hex = bytes.toString("hex");
    const written: (readonly [string, string])[] = [
      ["plain", text],
      ["percent-encoded", encodeURIComponent(text)],
      ["JSON", JSON.stringify(text).slice(1, -1)],
      ["hexadecimal", hex],
      ["an inspected buffer", hex.replace(/..(?=.)/g, "$& ")],
      ["a buffer in JSON", [...bytes].join(",")],
      ...base64Forms(bytes),
    ];
    return written.map(([form, shown]) => ({ kind, form, text: shown }));
  });
  // A secret with several names is reported under the first.
  return [...new Map(found.reverse().map((form) => [form.text, form])).values()].reverse();
}

/**
 * The forms at each position that the secret may have in a text that is encoded as a whole, as in SASL PLAIN or a basic
 * Authorization header.
 */
function base64Forms(bytes: Buffer): readonly (readonly [string, string])[] {
  return [0, 1, 2].flatMap((before) => {
    const whole = Buffer.concat([Buffer.alloc(before), bytes]);
    const start = Math.ceil((before * 8) / 6);
    const end = Math.floor((whole.length * 8) / 6);
    return (["base64", "base64url"] as const).map(
      (encoding) => [encoding, whole.toString(encoding).slice(start, end)] as const,
    );
  });
}
