/** The types that connect() is called with, as every entry exports them. */
export type { LoginContext } from "../messaging/port/login.ts";
export type { FilePath } from "../transport/tls/secret-file.ts";
export type { TlsContext, TlsOptions, TlsSource } from "../transport/tls/tls-options.ts";
export type { Credentials, Endpoint, EndpointScheme } from "../uri/endpoint.ts";
export type { GroupOptions } from "../uri/options/group-options.ts";
export type { SaslMechanism } from "../uri/options/login-options.ts";
export type { AlternatesPolicy } from "./alternates.ts";
export type { ConnectionOptions, ConnectOptions } from "./connect-options.ts";
export type {
  CredentialsSource,
  ExternalCredentials,
  LoginCredentials,
  PasswordFileCredentials,
  TokenCredentials,
  TokenFileCredentials,
} from "./credentials.ts";
