/** Warns about files with secrets that every user of this machine may read. */
import type { ConnectionWarning } from "../messaging/port/adapter-settings.ts";
import { type FilePath, isWorldReadable } from "../transport/tls/secret-file.ts";
import type { TlsOptions, TlsSource } from "../transport/tls/tls-options.ts";

/** Number of files that are warned about at most: a function may name a new file at every attempt. */
const MAX_WARNED = 32;

/** Raises one warning for each file during the life of one connection. */
export class SecretFileWarnings {
  readonly #warn: (warning: ConnectionWarning) => void;
  readonly #warned = new Set<string>();

  constructor(warn: (warning: ConnectionWarning) => void) {
    this.#warn = warn;
  }

  /** Warns if every user may read the file that `option` names. Never rejects; does nothing without a file. */
  readonly check = async (option: string, file: FilePath | undefined): Promise<void> => {
    if ((typeof file !== "string" && !(file instanceof URL)) || !(await isWorldReadable(file))) return;
    const path = String(file);
    if (this.#warned.has(path) || this.#warned.size >= MAX_WARNED) return;
    this.#warned.add(path);
    const message = `Every user of this machine may read ${path}, the file of ${option}: take the permission away, as by chmod 600`;
    this.#warn({ code: "SECRET_FILE_READABLE", message, endpoint: undefined });
  };

  /** Returns the same source of TLS options, with its key files checked on every attempt. */
  watch(source: TlsSource | undefined): TlsSource | undefined {
    if (source === undefined) return undefined;
    return async (endpoint, context) => {
      const given: TlsOptions | undefined = typeof source === "function" ? await source(endpoint, context) : source;
      await this.check("tls.keyFile", given?.keyFile);
      await this.check("tls.pfxFile", given?.pfxFile);
      return given;
    };
  }
}
