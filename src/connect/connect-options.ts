/** The options of connect() beside the URI, and how both become the settings of transport and messaging. */
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

/**
 * Every option of the URI by its name (a value given here overrides the URI's), and the options that cannot stand in a
 * URI.
 */
export interface ConnectionOptions extends Omit<GroupOptions, "alternates"> {
  /**
   * Which endpoints named by an AMQP broker are tried, and so given the login; `"listed"` by default. Overrides the
   * URI's.
   */
  readonly alternates?: AlternatesPolicy | undefined;
  /** How to log in; overrides user-info in the URI. Never printed. */
  readonly credentials?: CredentialsSource | undefined;
  /**
   * TLS settings for ssl://, stomp+ssl:// and amqps:// endpoints; refused when the URI has none. The certificate is
   * verified unless `rejectUnauthorized` is false. Files are read, and a function is called, on every attempt.
   */
  readonly tls?: TlsSource | undefined;
}

/** The options of connect(). Every option of the URI can be given here too, and overrides the URI's. */
export interface ConnectOptions extends ConnectionOptions {
  /** Gives up connecting when it fires; it has no effect once connected. */
  readonly signal?: AbortSignal | undefined;
}

/** Separates the options of the URI, which its table checks, from the others, which are checked here. */
export function splitOptions(
  { credentials, tls, alternates, ...group }: ConnectionOptions,
  files: SecretFileWarnings,
): {
  readonly group: GroupOptions;
  /** undefined when the URI's value applies. */
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

/**
 * Refuses `tls` when no endpoint uses TLS: the user expects encryption and would get none. @throws INVALID_ARGUMENT.
 */
export function refuseUnusedTls(tls: TlsSource | undefined, endpoints: readonly Endpoint[]): void {
  const says = typeof tls === "function" || Object.values(tls ?? {}).some((value) => value !== undefined);
  if (!says || endpoints.some(isSecure)) return;
  const schemes = "amqps://, stomp+ssl:// or ssl://";
  throw new InvalidArgumentError(`The option tls is given, and no endpoint of the URI speaks TLS: write ${schemes}`);
}

/**
 * The protocol whose adapter to load. @throws INVALID_OPTION when neither the schemes nor the option `protocol` say.
 */
export function requireProtocol({ protocol }: ResolvedOptions, uri: MasterSlaveUri): "stomp" | "amqp" {
  if (protocol) return protocol;
  throw new InvalidOptionError("INVALID_OPTION", openWireAdvice(uri), "protocol");
}
