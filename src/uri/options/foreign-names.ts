/** Names of other clients' TLS settings, logins and limits, each with what to write instead. */

const TLS = "the tls option of connect()";

/** TLS settings of Java, Qpid JMS, NMS and Artemis, in lower case, each with the option that replaces it. */
const TLS_SETTINGS: readonly (readonly [names: string, advice: string])[] = [
  [
    "trustStore trustStoreLocation trustStorePath trustStoreName brokerCertFilename caCert",
    "tls.caFile, a file in PEM, in place of a trust store",
  ],
  [
    "trustStorePassword trustStoreType trustStoreProvider storeType trustManagerFactoryPlugin",
    "tls.caFile, a file in PEM, which needs neither type nor password",
  ],
  [
    "keyStore keyStoreLocation keyStorePath keyStoreName clientCertFilename clientCertSubject clientCert",
    "tls.pfxFile for a PKCS#12 store, or tls.certFile and tls.keyFile in PEM",
  ],
  ["keyStorePassword keyStoreKeyPassword keyPassword clientCertPassword", "tls.passphrase"],
  ["keyStoreType keyStoreProvider keyStoreAlias keyAlias", "tls.pfxFile, which is PKCS#12 and holds one certificate"],
  ["enabledProtocols disabledProtocols sslProtocol contextProtocol", "tls.minVersion and tls.maxVersion"],
  ["enabledCipherSuites disabledCipherSuites cipherSuites", "tls.ciphers"],
  [
    "verifyHostName verifyHost hostnameVerification",
    "tls.checkServerIdentity, or tls.servername for another name: the name is checked unless you say otherwise",
  ],
  ["trustAll acceptInvalidBrokerCert", "tls.rejectUnauthorized, which is true unless you say otherwise"],
  ["needClientAuth wantClientAuth", "tls.certFile and tls.keyFile: whether they are wanted is the broker's to say"],
  ["serverName sniHost", "tls.servername"],
  ["crlPath crcOptions checkCertificateRevocation ocspResponderURL", "tls.crlFile"],
  ["sslEnabled useSsl", "the scheme: stomp+ssl://, amqps:// or ssl://"],
  [
    "sslContext sslContextFactory useDefaultSslContext useOpenSSL sslProvider forceSSLParameters sslAutoReload sslExcludeExceptions",
    TLS,
  ],
];

const TLS_ADVICE: ReadonlyMap<string, string> = new Map(
  TLS_SETTINGS.flatMap(([names, advice]) =>
    names.split(" ").map((name): [string, string] => [name.toLowerCase(), advice]),
  ),
);

const LOGIN_NAMES: ReadonlySet<string> = new Set("username user login userid password passcode passwd pwd".split(" "));

const LIMIT_ADVICE: ReadonlyMap<string, string> = new Map([
  ["connecttimeout", "write attemptTimeout for one attempt, or connectTimeoutMs for connect() as a whole"],
  ["connectiontimeout", "write attemptTimeout for one attempt, or connectTimeoutMs for connect() as a whole"],
  ["connectresponsetimeout", "write attemptTimeout"],
  ["asynctimeout", "write connectTimeoutMs"],
  ["sendtimeout", "write timeout, the limit of each send"],
  ["requesttimeout", "write timeout, the limit of each send; request() takes timeoutMs"],
  ["calltimeout", "write timeout, the limit of each send"],
  ["callfailovertimeout", "write timeout, the limit of each send"],
  ["reconnectattempts", "write maxReconnectAttempts"],
  ["initialconnectattempts", "write startupMaxReconnectAttempts"],
]);
const ANY_LIMIT =
  "the limits here are connectTimeoutMs, attemptTimeout, maxReconnectAttempts, startupMaxReconnectAttempts and timeout";

/**
 * Limits that are covered by other settings of ours (heartbeatMs, drainTimeoutMs), or that limit something that does
 * not exist here.
 */
const KEPT_ANYWAY: ReadonlySet<string> = new Set(
  "idletimeout draintimeout closetimeout sotimeout sowritetimeout optimizeacknowledgetimeout warnaboutunstartedconnectiontimeout".split(
    " ",
  ),
);

/** Returns the last part of a dotted name in lower case: `javax.net.ssl.trustStore` gives truststore. */
function tailOf(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1).toLowerCase();
}

/**
 * Returns what replaces another client's TLS setting or login, as the end of a sentence; undefined for any other name.
 */
export function secretAdvice(name: string): string | undefined {
  const tail = tailOf(name);
  if (LOGIN_NAMES.has(tail)) {
    return "a login is given to connect() as credentials: { username, password }, or in the URI as user:password@host";
  }
  const setting = TLS_ADVICE.get(tail) ?? (/(^|\.)(ssl|tls)\./i.test(name) ? TLS : undefined);
  return setting && `TLS is set by ${setting === TLS ? TLS : `${TLS}: ${setting}`}`;
}

/** Returns what to write instead of another client's time or attempt limit; undefined for any other name. */
export function limitAdvice(name: string): string | undefined {
  const tail = tailOf(name);
  const known = LIMIT_ADVICE.get(tail);
  if (known !== undefined) return known;
  return /(timeout|attempts)$/.test(tail) && !KEPT_ANYWAY.has(tail) ? ANY_LIMIT : undefined;
}

/** Whether the value means "no limit": then it does no harm that the option has no effect. `***` is a masked value. */
export function isUnlimited(name: string, value: string | undefined): boolean {
  if (value === undefined || value === "***") return true;
  // For attempts 0 is a limit too; only negative values mean no limit.
  return /attempts$/i.test(name) ? /^-\d{1,10}$/.test(value) : /^(-\d{1,10}|0)$/.test(value);
}
