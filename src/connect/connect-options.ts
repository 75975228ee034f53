/** What connect() takes beside the URI, and how both become the settings of the rooms below. */
import { InvalidArgumentError, InvalidOptionError } from "../errors/errors.ts";
import type { AdapterSettings } from "../messaging/port/adapter-settings.ts";
import { checkTlsOptions, type TlsSource } from "../transport/tls/tls-options.ts";
import { type Endpoint, isSecure } from "../uri/endpoint.ts";
import type { MasterSlaveUri } from "../uri/master-slave-uri.ts";
import { openWireAdvice } from "../uri/openwire-advice.ts";
import type { GroupOptions } from "../uri/options/group-options.ts";
import type { ResolvedOptions } from "../uri/resolve-options.ts";
import type { AlternatesPolicy } from "./alternates.ts";
import { type CredentialsSource, loginFunction } from "./credentials.ts";
import type { SecretFileWarnings } from "./secret-file-warnings.ts";

/** Every option of the URI by its name (these beat the URI's), and what cannot stand in a URI. */
export interface ConnectionOptions extends Omit<GroupOptions, "alternates"> {
  /** Which endpoints named by an AMQP broker are tried, and so given the login; `"listed"` unless said. Beats the URI's. */
  readonly alternates?: AlternatesPolicy | undefined;
  /** Beats user-info in the URI. Never printed. */
  readonly credentials?: CredentialsSource | undefined;
  /**
   * For ssl://, stomp+ssl:// and amqps:// endpoints, of which there must be one. The certificate is verified unless `rejectUnauthorized` is false.
   * Files are read, and a function is asked, on every attempt.
   */
  readonly tls?: TlsSource | undefined;
}

/** What connect() may be told beside its URI; every option of the URI can be given here too, and counts more. */
export interface ConnectOptions extends ConnectionOptions {
  /** Gives up connecting when it fires; once connected it is forgotten. */
  readonly signal?: AbortSignal | undefined;
}

/** The URI's options are typed by its table; these are checked here. */
export function splitOptions(
  { credentials, tls, alternates, ...group }: ConnectionOptions,
  files: SecretFileWarnings,
): {
  readonly group: GroupOptions;
  /** undefined: what the URI says. */
  readonly alternates: Exclude<AlternatesPolicy, string> | undefined;
  readonly credentials: AdapterSettings["credentials"];
  readonly tls: TlsSource | undefined;
} {
  if (tls !== undefined && typeof tls !== "function") checkTlsOptions(tls);
  const asked = typeof alternates === "function" ? alternates : undefined;
  return {
    group: asked || alternates === undefined ? group : { ...group, alternates: alternates as "listed" | "any" },
    alternates: asked,
    credentials: loginFunction(credentials, files.check),
    tls: files.watch(tls),
  };
}

/** Whoever says how to trust a broker must not speak in clear text to all of them. @throws INVALID_ARGUMENT. */
export function refuseUnusedTls(tls: TlsSource | undefined, endpoints: readonly Endpoint[]): void {
  const says = typeof tls === "function" || Object.values(tls ?? {}).some((value) => value !== undefined);
  if (!says || endpoints.some(isSecure)) return;
  const schemes = "amqps://, stomp+ssl:// or ssl://";
  throw new InvalidArgumentError(`The option tls is given, and no endpoint of the URI speaks TLS: write ${schemes}`);
}

/** Which adapter to load. @throws INVALID_OPTION when neither the schemes nor the option `protocol` say. */
export function requireProtocol({ protocol }: ResolvedOptions, uri: MasterSlaveUri): "stomp" | "amqp" {
  if (protocol) return protocol;
  throw new InvalidOptionError("INVALID_OPTION", openWireAdvice(uri), "protocol");
}
