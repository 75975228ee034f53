/** A secret in a configuration: written there, in a file, or in an environment variable. */
import { z } from "zod";
import type { ConfigDocument } from "./config-document.ts";
import type { ConfigPath, Finding } from "./finding.ts";

/** `text`, `{ file: /run/secrets/name }` or `{ env: NAME }`. */
export const SecretSchema = z
  .union([
    z.string().min(1),
    z.strictObject({
      file: z.string().min(1).meta({ description: "Path of a file with the secret; read at every attempt" }),
    }),
    z.strictObject({
      env: z
        .string()
        .regex(/^[A-Za-z_]\w*$/)
        .meta({ description: "Name of an environment variable" }),
    }),
  ])
  .meta({
    description: "A secret: a text, a file or an environment variable",
    advice: "Write { file: /run/secrets/name } or { env: NAME }",
  });
export type Secret = z.infer<typeof SecretSchema>;

/** Returns the finding about a secret that stands in the configuration in clear text, or undefined. */
export function secretInFile(
  document: ConfigDocument,
  path: ConfigPath,
  secret: Secret | undefined,
): Finding | undefined {
  if (typeof secret !== "string" || document.file === undefined) return undefined;
  return document.finding({
    code: "PASSWORD_IN_FILE",
    severity: "warning",
    path,
    message: `${String(path.at(-1))} stands in the file in clear text`,
    advice:
      "Write { file: /run/secrets/name } or { env: NAME }, so that the file can be shown and kept in a repository",
  });
}

/** Returns the finding about an environment variable that is not set, or undefined. */
export function secretNotSet(
  document: ConfigDocument,
  path: ConfigPath,
  secret: Secret | undefined,
  env: Readonly<Record<string, string | undefined>> = process.env,
): Finding | undefined {
  if (typeof secret !== "object" || !("env" in secret) || env[secret.env] !== undefined) return undefined;
  return document.finding({
    code: "CONFIG_VARIABLE",
    path: [...path, "env"],
    message: `The environment variable ${secret.env} is not set`,
    advice: `Set ${secret.env}, or name another one`,
  });
}
