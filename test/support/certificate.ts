/** Self-signed certificates made by openssl for the length of a test file; keys never leave a temporary folder. */
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

export interface Certificate {
  readonly cert: string;
  readonly key: string;
}

/** A certificate that is its own authority, for these names: "DNS:localhost", "IP:127.0.0.1". */
export async function selfSigned(...names: readonly string[]): Promise<Certificate> {
  const folder = await mkdtemp(join(tmpdir(), "masterslave-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const subject = ["-subj", "/CN=masterslave test", "-addext", `subjectAltName=${names.join(",")}`, "-days", "2"];
    const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    await promisify(execFile)("openssl", ["req", "-x509", ...curve, "-keyout", key, "-out", cert, ...subject]);
    return { cert: await readFile(cert, "utf8"), key: await readFile(key, "utf8") };
  } finally {
    await rm(folder, { recursive: true });
  }
}
