/** The whole public surface of `masterslave-transport` on one screen. */
export { connect, createConnection } from "./connect/connect.ts";
export type { ConnectionOptions, ConnectOptions, CredentialsSource } from "./connect/connect-options.ts";
export * from "./errors.ts";
export type {
  CloseOptions,
  Connection,
  ConnectionEvents,
  ConsumeOptions,
  SendOptions,
} from "./messaging/connection.ts";
export type { ConnectionStats, ConnectionStatus } from "./messaging/connection-stats.ts";
export type { Consumer, RunOptions } from "./messaging/consumer.ts";
export type { Delivery, SettleOptions, SettleResult } from "./messaging/delivery.ts";
export type { Destination } from "./messaging/destination.ts";
export type { Broker } from "./messaging/messaging-session.ts";
export type { MessageBody, MessageOptions, PropertyValue } from "./messaging/outgoing-message.ts";
export type { SendResult } from "./messaging/pending-send.ts";
export type { Producer } from "./messaging/producer.ts";
export type { ReceivedMessage } from "./messaging/received-message.ts";
export type { MessageHandler } from "./messaging/run-handler.ts";
export type { TlsOptions } from "./transport/dial.ts";
export type { Credentials, Endpoint, EndpointScheme } from "./uri/endpoint.ts";
export { formatMasterSlaveUri } from "./uri/format-master-slave-uri.ts";
export type { IgnoredOption } from "./uri/ignored-options.ts";
export { type MasterSlaveUri, parseMasterSlaveUri } from "./uri/master-slave-uri.ts";
export type { GroupOptions } from "./uri/option-table.ts";
