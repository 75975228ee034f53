/** The whole public surface of `masterslave-transport` on one screen. */
export { connect, createConnection } from "./connect/connect.ts";
export type { ConnectionOptions, ConnectOptions } from "./connect/connect-options.ts";
export type {
  CredentialsSource,
  ExternalCredentials,
  LoginCredentials,
  PasswordFileCredentials,
  TokenCredentials,
  TokenFileCredentials,
} from "./connect/credentials.ts";
export * from "./errors.ts";
export type { ConnectionWarning } from "./messaging/adapter-settings.ts";
export type { CloseOptions, SendOptions, WaitOptions } from "./messaging/call-options.ts";
export type { Connection } from "./messaging/connection.ts";
export type { ConnectionEvents } from "./messaging/connection-parts.ts";
export type { ConnectionStats, ConnectionStatus } from "./messaging/connection-stats.ts";
export type { BrowseOptions, ConsumeOptions } from "./messaging/consume-options.ts";
export type { Consumer } from "./messaging/consumer.ts";
export type { DeduplicationOptions } from "./messaging/deduplication.ts";
export type { AcceptOptions, Delivery, SettleOptions, SettleResult } from "./messaging/delivery.ts";
export type { Destination } from "./messaging/destination.ts";
export type { LoginContext } from "./messaging/login.ts";
export type { Broker } from "./messaging/messaging-session.ts";
export type { MessageBody, MessageOptions, PropertyValue } from "./messaging/outgoing-message.ts";
export type { SendResult } from "./messaging/pending-send.ts";
export type { Producer } from "./messaging/producer.ts";
export type { ReceivedMessage } from "./messaging/received-message.ts";
export type { RedeliveryPolicy } from "./messaging/redelivery-policy.ts";
export type { RequestOptions } from "./messaging/requests.ts";
export type { AnswerRequest, Responder, RespondOptions } from "./messaging/responder.ts";
export type { ProcessContext, ProcessMessage, RunOptions } from "./messaging/run-consumer.ts";
export type { Transaction } from "./messaging/transaction.ts";
export type { TransactedWork, TransactionOptions, TransactionStats } from "./messaging/transactions.ts";
export type { FilePath } from "./transport/read-material.ts";
export type { TlsContext, TlsOptions, TlsSource } from "./transport/tls-options.ts";
export type { Credentials, Endpoint, EndpointScheme } from "./uri/endpoint.ts";
export { formatMasterSlaveUri } from "./uri/format-master-slave-uri.ts";
export type { IgnoredOption } from "./uri/ignored-options.ts";
export type { SaslMechanism } from "./uri/login-options.ts";
export { type MasterSlaveUri, parseMasterSlaveUri } from "./uri/master-slave-uri.ts";
export type { GroupOptions } from "./uri/option-table.ts";
