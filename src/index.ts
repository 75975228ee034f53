/** The whole public surface of `masterslave-transport` on one screen. */

export type { WaitOptions } from "./async/deadline.ts";
export { connect, createConnection } from "./connect/connect.ts";
export type * from "./connect/option-types.ts";
export * from "./errors/errors.ts";
export type { Connection } from "./messaging/connection/connection.ts";
export type { ConnectionEvents } from "./messaging/connection/connection-events.ts";
export type { ConnectionStats, ConnectionStatus } from "./messaging/connection/connection-stats.ts";
export type { Destination } from "./messaging/messages/destination.ts";
export type { DeliveryFigures, DestinationStats, SendFigures } from "./messaging/messages/destination-figures.ts";
export type { MessageBody, MessageOptions, PropertyValue } from "./messaging/messages/outgoing-message.ts";
export type { ReceivedMessage } from "./messaging/messages/received-message.ts";
export type { ConnectionWarning } from "./messaging/port/adapter-settings.ts";
export type { Broker } from "./messaging/port/messaging-session.ts";
export type { BrowseOptions, ConsumeOptions } from "./messaging/receiving/consuming/consume-options.ts";
export type { Consumer } from "./messaging/receiving/consuming/consumer.ts";
export type { DeduplicationOptions } from "./messaging/receiving/deliveries/deduplication.ts";
export type {
  AcceptOptions,
  Delivery,
  SettleOptions,
  SettleResult,
} from "./messaging/receiving/deliveries/delivery.ts";
export type {
  ProcessContext,
  ProcessMessage,
  ProcessTransacted,
  TransactedContext,
} from "./messaging/receiving/handling/process-context.ts";
export type { HandlerFailure, RedeliveryPolicy } from "./messaging/receiving/handling/redelivery-policy.ts";
export type { RunOptions } from "./messaging/receiving/handling/run-consumer.ts";
export type { TransactedWork, Transaction, TransactionOptions } from "./messaging/receiving/handling/transact.ts";
export type { RequestOptions } from "./messaging/requests/requests.ts";
export type { AnswerRequest, Responder, RespondOptions } from "./messaging/requests/responder.ts";
export type { CloseOptions, SendOptions } from "./messaging/sending/call-options.ts";
export type { Producer } from "./messaging/sending/producer.ts";
export type { SendResult } from "./messaging/sending/send-policy.ts";
export type { TransactionStats } from "./messaging/transactions/transactions.ts";
export type { EndpointAnswer } from "./transport/search/endpoint-answers.ts";
export type { Interruption, Waiting } from "./transport/transport-events.ts";
export { formatMasterSlaveUri } from "./uri/format-master-slave-uri.ts";
export { type MasterSlaveUri, parseMasterSlaveUri } from "./uri/master-slave-uri.ts";
export type { IgnoredOption } from "./uri/options/ignored-options.ts";
