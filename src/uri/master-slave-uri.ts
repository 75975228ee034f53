/** A parsed masterslave: URI: an ordered group of endpoints and its options. format-master-slave-uri.ts writes it. */
import { InvalidOptionError, InvalidUriError } from "../errors/errors.ts";
import { type Credentials, type Endpoint, type EndpointScheme, protocolOf } from "./endpoint.ts";
import { invalidUri } from "./invalid-uri.ts";
import type { GroupOptions } from "./options/group-options.ts";
import type { IgnoredOption } from "./options/ignored-options.ts";
import { type ReadEndpoint, readEndpoint } from "./read-endpoint.ts";
import { type QueryOwner, type ReadOptions, readOptions } from "./read-options.ts";
import { type Piece, readQuery } from "./read-query.ts";
import { type GroupScheme, type GroupText, splitGroup } from "./split-group.ts";
import { withCredentials } from "./with-credentials.ts";

/** A parsed URI: its endpoints in order, its options, and what was ignored. */
export interface MasterSlaveUri {
  /** The scheme of the group, or that of the single plain endpoint. */
  readonly scheme: GroupScheme | EndpointScheme;
  /**
   * The endpoints in the order written: at least one, no two with the same host and port. Connections warn about a
   * masterslave: URI with one.
   */
  readonly endpoints: readonly Endpoint[];
  /** Only the options that the text contains, by the names of the option table. */
  readonly options: GroupOptions;
  /** The options in the text that have no effect here, each name once. */
  readonly ignored: readonly IgnoredOption[];
  /** The user-info, if every endpoint has the same. Non-enumerable, never printed. */
  readonly credentials?: Credentials | undefined;
}

const NO_OPTIONS: ReadOptions = { group: {}, endpoint: {}, ignored: [] };

/**
 * Reads `masterslave:(…)`, `failover:(…)`, both also with `//` or without parentheses, and a single plain endpoint.
 * White space around the URI, its endpoints and its options is skipped. Throws InvalidUriError, whose `position` counts
 * from 0, or InvalidOptionError; neither shows user-info. docs/decisions/0003-uri-answers-that-differ-from-java.md
 * lists where the result differs from ActiveMQ's own parser.
 */
export function parseMasterSlaveUri(text: string): MasterSlaveUri {
  if (typeof text !== "string") throw new InvalidUriError(`A URI is a string; found ${typeof text}`, 0);
  const written = splitGroup(text);
  const read = written.components.map((component) => readEndpoint(text, component));
  checkMembers(text, written, read);
  // For a single plain endpoint all options are those of the group.
  const single = written.scheme === undefined;
  const group = single ? optionsOf(text, read[0]?.query, "single") : optionsOf(text, written.query, "group");
  const components = read.map((each) =>
    toEndpoint(each, group, single ? NO_OPTIONS : optionsOf(text, each.query, "component")),
  );
  const endpoints = components.map(({ endpoint }) => endpoint);
  checkProtocol(text, written, endpoints, group.group);
  const ignored = [...components, group].flatMap((part) => part.ignored);
  const uri: MasterSlaveUri = {
    scheme: written.scheme ?? read[0]?.scheme ?? "tcp",
    endpoints: Object.freeze(endpoints),
    options: Object.freeze(group.group),
    ignored: Object.freeze([...new Map(ignored.map((option) => [option.name, option])).values()]),
  };
  return withCredentials(uri, sharedCredentials(endpoints));
}

function optionsOf(text: string, query: Piece | undefined, owner: QueryOwner): ReadOptions {
  return query ? readOptions(text, readQuery(text, query), owner) : NO_OPTIONS;
}

function toEndpoint({ scheme, host, port, credentials }: ReadEndpoint, group: ReadOptions, own: ReadOptions) {
  const options = Object.freeze({ ...group.endpoint, ...own.endpoint });
  const endpoint: Endpoint = withCredentials({ scheme, host, port, options }, credentials);
  return { endpoint, ignored: own.ignored };
}

function checkMembers(text: string, { components }: GroupText, read: readonly ReadEndpoint[]): void {
  const at = (index: number) => components[index]?.at ?? 0;
  const seen = new Map<string, number>();
  for (const [index, { host, port }] of read.entries()) {
    const key = `${host.toLowerCase()}:${port}`;
    const first = seen.get(key);
    if (first !== undefined) {
      throw invalidUri(text, at(index), `Endpoint ${index + 1} repeats endpoint ${first + 1}: same host, same port`);
    }
    seen.set(key, index);
  }
}

/** A URI has one protocol, whether the schemes or the option `protocol` name it. */
function checkProtocol(
  text: string,
  { components }: GroupText,
  endpoints: readonly Endpoint[],
  group: GroupOptions,
): void {
  let named: string | undefined = group.protocol;
  for (const [index, endpoint] of endpoints.entries()) {
    const byScheme = protocolOf(endpoint.scheme);
    const { protocol: byOption } = endpoint.options;
    const protocol = byScheme ?? byOption;
    if (byScheme && byOption && byScheme !== byOption) throw contradiction(endpoint.scheme);
    if (protocol && named && protocol !== named) {
      if (named === group.protocol) throw contradiction(endpoint.scheme);
      const what = `This endpoint speaks ${protocol}, an earlier one ${named}; a URI names one protocol`;
      throw invalidUri(text, components[index]?.at ?? 0, what);
    }
    named ??= protocol;
  }
}

function contradiction(scheme: EndpointScheme): InvalidOptionError {
  return new InvalidOptionError(
    "INVALID_OPTION",
    `The option protocol contradicts an endpoint with the scheme ${scheme}; a URI names one protocol`,
    "protocol",
  );
}

function sharedCredentials(endpoints: readonly Endpoint[]): Credentials | undefined {
  const first = endpoints[0]?.credentials;
  const shared = endpoints.every(
    ({ credentials }) => credentials?.username === first?.username && credentials?.password === first?.password,
  );
  return shared ? first : undefined;
}
