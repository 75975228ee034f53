/**
 * The transport without a protocol, public as `masterslave-transport/transport`: failover for protocols of your own.
 */
export type { Endpoint } from "../uri/endpoint.ts";
export { type ConnectionState, TRANSITIONS } from "./connection-state.ts";
export { type DialOptions, dial } from "./dial/dial.ts";
export { type ReachOptions, reach, type UseSocket } from "./dial/reach.ts";
export type { Lookup, ResolvedAddress } from "./dial/resolve-host.ts";
export type { OpenContext, OpenSession, Session, SessionEnd } from "./dial/session.ts";
export { MasterSlaveTransport, type TransportOptions } from "./group-transport.ts";
export type { EndpointAnswer } from "./search/endpoint-answers.ts";
export type { EndpointSocket } from "./socket/endpoint-socket.ts";
export type { TlsOptions, TlsSource } from "./tls/tls-options.ts";
export type { Interruption, TransportEvents, Waiting } from "./transport-events.ts";
export type { ConnectLimits } from "./transport-options.ts";
