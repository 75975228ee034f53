/**
 * The names that users of the package rely on. surface.test.ts fails when the built package has others. A change here is
 * a change for users, so it belongs in CHANGELOG.md. The declarations behind these names are in test/package/api/.
 */
import type { Names } from "./strict-consumer.ts";

/** Returns the words of a text as a sorted list. */
function words(text: string): readonly string[] {
  return text.trim().split(/\s+/).sort();
}

/** Each entry that can be imported, with the values it exports at run time. */
export const ENTRIES: Readonly<Record<string, readonly string[]>> = {
  ".": words(`
    AbortError AlreadySettledError AttemptError AuthenticationError ConnectTimeoutError ConnectionClosedError
    ConsumerClosedError TransactionOverError
    ERROR_CODES InvalidArgumentError InvalidOptionError InvalidUriError MasterSlaveError MessageTooLargeError
    NoActiveEndpointError NotConnectedError PoisonSendError RequestInterruptedError RequestTimeoutError SendError
    SendExpiredError SendInDoubtError SendNotStoredError SendOverflowError SendRejectedError SendTimeoutError
    SessionLostError StaleDeliveryError SubscriptionRefusedError TransactionInDoubtError TransactionInterruptedError
    TransactionRolledBackError TransactionTimeoutError UnreadableBodyError UnsupportedError addressOf connect
    createConnection formatAddress formatMasterSlaveUri parseMasterSlaveUri
  `),
  "./amqp": words("connect createConnection"),
  "./bridge": words("Bridge ConfigError createBridge readBridgeConfig"),
  "./stomp": words("connect createConnection"),
  "./testing": words("blackHole embeddedGroup faultProxy rehearseFailover"),
  "./topology": words(`
    ConfigError checkTopology diffTopology drillTopology exportTopology generateTopology planTopology probeTopology
    readBrokerXml readTopology readTopologyFile renderTopology sarifOf simulateTopology topologyJsonSchema
  `),
  "./transport": words("MasterSlaveTransport TRANSITIONS dial reach"),
};

/** The commands that installing the package adds. */
export const COMMANDS = words("masterslave");

/** The files at the top of the tarball, and its folders. The layout of dist/ is our own business: users see only exports. */
export const TARBALL = words(`
  CHANGELOG.md CONTRIBUTING.md LICENSE README.md package.json dist docs docs/decisions examples examples/networks examples/support
`);

/** Names that only the declarations have; at run time nothing lists them. */
export const NAMES: Readonly<Record<keyof Names, readonly string[]>> = {
  errorCodes: words(`
    CONSUMER_CLOSED TRANSACTION_OVER
    ABORTED ALREADY_SETTLED ATTEMPT_SUPERSEDED ATTEMPT_TIMEOUT AUTHENTICATION_FAILED BRIDGE_CONFIG CONNECTION_CLOSED
    CONNECT_TIMEOUT
    CREDENTIALS_UNAVAILABLE ENDPOINT_CLOSED ENDPOINT_REFUSED ENDPOINT_REJECTED ENDPOINT_UNKNOWN ENDPOINT_UNREACHABLE
    HEARTBEAT_LOST INTERNAL INVALID_ARGUMENT INVALID_OPTION INVALID_URI MESSAGE_TOO_LARGE NOT_CONNECTED
    NO_ACTIVE_ENDPOINT PLAINTEXT_REFUSED POISON_SEND PROTOCOL_ERROR REQUEST_INTERRUPTED REQUEST_TIMEOUT SEND_EXPIRED SEND_IN_DOUBT
    SEND_NOT_STORED SEND_OVERFLOW SEND_REJECTED SEND_TIMEOUT SESSION_LOST STALE_DELIVERY SUBSCRIPTION_REFUSED
    TLS_FAILED TOPOLOGY_INVALID TRANSACTION_INTERRUPTED TRANSACTION_IN_DOUBT TRANSACTION_ROLLED_BACK TRANSACTION_TIMEOUT UNKNOWN_OPTION
    UNREADABLE_BODY UNSUPPORTED WRONG_PROTOCOL
  `),
  warningCodes: words(
    "GROUP_COMMIT_OFF MESSAGE_TOO_LARGE UNREADABLE_MESSAGE PREFETCH_TOO_LARGE REPLY_REFUSED SUBSCRIPTION_IN_USE ALTERNATE_REFUSED PLAINTEXT_LOGIN LOGIN_REFUSED NOT_CONNECTED OPTIONS_IGNORED CLOSE_IN_HANDLER SINGLE_ENDPOINT SECRET_FILE_READABLE CLOCK_BEHIND",
  ),
  connectionEvents: words(
    "alternate attempt closed established failed handlerFailed interrupted restored waiting warning",
  ),
  connectionStates: words("closed closing connected connecting idle interrupted"),
  transportEvents: words("attempt closed established failed interrupted restored waiting"),
  transportStates: words("closed closing connected connecting idle interrupted"),
  optionNames: words(`
    allowPlaintext alternates amqpOpenServerListAction attemptStagger attemptTimeout authRetryMs backOffMultiplier clientId connectTimeoutMs
    deadLetterDestination drainTimeoutMs durableRetryMs groupCommit heartbeatMs inDoubt initialConnect
    initialReconnectDelay maxMessageBytes maxPendingBytes maxPendingSends maxReconnectAttempts maxReconnectDelay
    minConnectTime overflow poisonAfter protocol randomize requireTls reconnectDelay reconnectSpread releaseWaitMs saslMechanisms
    startupMaxReconnectAttempts timeout updateURIsSupported useExponentialBackOff whenFull whenInterrupted
  `),
  connectOptionNames: words("credentials signal tls"),
  testProtocols: words("amqp stomp"),
};

/** The value of each option that is not given, or the words with which docs/options.md describes it. */
export const DEFAULTS: Readonly<Record<string, number | boolean | string>> = {
  allowPlaintext: false,
  alternates: "listed",
  amqpOpenServerListAction: "ADD",
  attemptStagger: 250,
  attemptTimeout: 15000,
  authRetryMs: 60000,
  backOffMultiplier: "1.1 in the first 10 s of an outage, then 2",
  clientId: "none",
  connectTimeoutMs: "none",
  deadLetterDestination: "queue://DLQ",
  drainTimeoutMs: 10000,
  durableRetryMs: 70000,
  groupCommit: true,
  heartbeatMs: 5000,
  inDoubt: "resend",
  initialConnect: "wait",
  initialReconnectDelay: 10,
  maxMessageBytes: 268435456,
  maxPendingBytes: 16777216,
  maxPendingSends: 10000,
  maxReconnectAttempts: "unlimited",
  maxReconnectDelay: 30000,
  minConnectTime: 5000,
  overflow: "wait",
  poisonAfter: 3,
  protocol: "by the scheme",
  randomize: false,
  reconnectDelay: "initialReconnectDelay",
  reconnectSpread: 0,
  releaseWaitMs: 1000,
  requireTls: false,
  saslMechanisms: "what fits the login",
  startupMaxReconnectAttempts: "maxReconnectAttempts",
  timeout: "none",
  updateURIsSupported: true,
  useExponentialBackOff: true,
  whenFull: "reject",
  whenInterrupted: "hold",
};

/** Other spellings of options, each with the name it stands for. */
export const ALIASES: Readonly<Record<string, string>> = {
  "amqp.saslMechanisms": "saslMechanisms",
  reconnectBackOffMultiplier: "backOffMultiplier",
  reconnectDelayExponent: "backOffMultiplier",
  useReconnectBackOff: "useExponentialBackOff",
};

/** Options of the Java clients that are accepted and have no effect. */
export const IGNORED = words(`
  backup backupPoolSize closeAsync connectionTimeout daemon diffServ dynamicManagement ioBufferSize jmxPort keepAlive
  logWriterName maxCacheSize minmumWireFormatVersion priorityBackup priorityURIs rebalanceUpdateURIs
  reconnectSupported soLinger soTimeout soWriteTimeout socketBufferSize stackSize startLogging tcpNoDelay trace
  trackMessages trackTransactionProducers trafficClass typeOfService updateURIsURL useInactivityMonitor useKeepAlive
  useLocalHost warnAfterReconnectAttempts
`);

/** Prefixes of options of the Java clients that are accepted and have no effect. */
export const IGNORED_BEGINNINGS = words(`
  amqp. discovered. discovery. jms. provider. sasl. socket. transport. wireFormat.
`);
