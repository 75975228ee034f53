/** The configuration of a bridge, as a file says it and as a program may give it. */
import type { Finding } from "../../config/finding.ts";
import type { MessageBody, PropertyValue } from "../../messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** A text, or where to find it: a file, read at every attempt, or an environment variable. */
export type BridgeSecret = string | { readonly file: string } | { readonly env: string };

/** How to verify the brokers of a group. */
export interface BridgeGroupTls {
  /** Path of the authorities to trust in place of Node's own, PEM. */
  readonly ca?: string | undefined;
  /** Path of the client certificate, PEM. */
  readonly cert?: string | undefined;
  /** Path of the client certificate's key, PEM. */
  readonly key?: string | undefined;
  /** The name to verify in the certificate; the endpoint's host unless said. */
  readonly servername?: string | undefined;
  /** false accepts any certificate; true unless said. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** One group and how to reach it. */
export interface BridgeGroup {
  /** A URI of this library, such as `masterslave:(amqp://a:5672,amqp://b:5672)`. */
  readonly uri: string;
  /**
   * A URI with `stomp://` endpoints of the same group, with the same login: shows which messages it cannot deliver over AMQP.
   * Unless said, such messages are counted where the broker tells its depths, and not named.
   */
  readonly browseUri?: string | undefined;
  /** The name in the path of messages, where two files name one group differently; its key in `groups` unless said. */
  readonly id?: string | undefined;
  /** Logs in as nobody unless said. */
  readonly username?: string | undefined;
  /** The password, or where it stands: a file, or a variable of the environment. */
  readonly password?: BridgeSecret | undefined;
  /** An OAuth bearer token in place of the password. */
  readonly token?: BridgeSecret | undefined;
  /** How to verify the group's brokers, and which certificate to show. */
  readonly tls?: BridgeGroupTls | undefined;
}

/** A pattern of names, and what a name that fits becomes. */
export interface RenameRule {
  /** A destination; `*` stands for one word and `>` at the end for the rest. */
  readonly from: string;
  /** Where to send it; `$1`, `$2` … are what the wildcards stood for. */
  readonly to: string;
}

/** Which properties are added, and which are removed. */
export interface HeaderRules {
  /** Properties that every forwarded message is given. */
  readonly add?: Readonly<Record<string, PropertyValue>> | undefined;
  /** Names of properties that no forwarded message keeps. */
  readonly remove?: readonly string[] | undefined;
}

/** When a link is over: never, when its source is empty, after so many messages, or after so many milliseconds. */
export type Until = "forever" | "empty" | { readonly messages: number } | { readonly durationMs: number };

/** How often a canary is sent. */
export interface CanaryOptions {
  /** Milliseconds from one to the next, from 100 to 3,600,000. */
  readonly intervalMs: number;
}

/** What is forwarded from one group to another. */
export interface BridgeLink {
  /** The group to take messages from. */
  readonly from: string;
  /** The group to send them to. */
  readonly to: string;
  /** Destinations to forward, such as `queue://orders.>`; this or `static` is needed. */
  readonly include?: readonly string[] | undefined;
  /** Never forwarded, whatever `include` and `static` say. */
  readonly exclude?: readonly string[] | undefined;
  /** Forwarded whether or not somebody wants it; plain names. */
  readonly static?: readonly string[] | undefined;
  /** The first rule that matches gives the destination its name at the target. */
  readonly rename?: readonly RenameRule[] | undefined;
  /** The kind of the destination at the target; the same as at the source unless said. */
  readonly as?: "queue" | "topic" | undefined;
  /** Properties that are added or removed on the way. */
  readonly headers?: HeaderRules | undefined;
  /**
   * Forwards only what has a consumer in the target group; false unless said. Browsers and consumers of other bridges count
   * only on Classic over AMQP, which does not tell them apart.
   */
  readonly demand?: boolean | undefined;
  /**
   * With `demand`, where the broker does not tell who consumes: `"stop"` forwards nothing and fails the link at its start,
   * `"static"` forwards the static destinations alone; `"stop"` unless said.
   */
  readonly demandUnavailable?: "stop" | "static" | undefined;
  /**
   * With `demand` on topics: `"ignore"` accepts that a durable subscription is no demand while its subscriber is away, where
   * the target is Classic, which does not tell it. Such a link is refused unless said.
   */
  readonly durableDemand?: "ignore" | undefined;
  /** Forwards in the other direction too; false unless said. */
  readonly duplex?: boolean | undefined;
  /**
   * With `demand` and `duplex`: what was forwarded to a queue that has had no consumer for a second goes back when the queue
   * that it came from has one. false unless said.
   */
  readonly returnWhenNoConsumers?: boolean | undefined;
  /**
   * Of several processes with this link one is active and the others stand by, by the broker's own means: an exclusive
   * consumer on Classic, an exclusive queue on Artemis, the client id of a durable topic. false unless said.
   */
  readonly exclusive?: boolean | undefined;
  /** How many groups a message may have come through, this link's source included; 1 unless said, at most 16. */
  readonly maxHops?: number | undefined;
  /** Messages taken from the source and not settled yet; 1,000 unless said. */
  readonly maxInFlight?: number | undefined;
  /** The same in bytes of bodies; 16 MiB unless said. */
  readonly maxInFlightBytes?: number | undefined;
  /**
   * The broker serves consumers of a higher one first, from -128 to 127. -5 unless said, so that local consumers come first,
   * where the source has priorities: Classic, and Artemis over AMQP. Elsewhere none; one that was said is refused.
   */
  readonly priority?: number | undefined;
  /** Consumers of each queue; 1 unless said. More than 1 gives up the order of messages without a group. */
  readonly concurrency?: number | undefined;
  /** Subscribes to topics durably: nothing is lost while the bridge is away. false unless said. */
  readonly durable?: boolean | undefined;
  /** When the link is over; `forever` unless said. */
  readonly until?: Until | undefined;
  /** What to do with a body that is neither text nor bytes and cannot be passed on as it is; a dead letter unless said. */
  readonly convert?: "json" | undefined;
  /** Where the source group keeps what cannot be forwarded; `ActiveMQ.DLQ` or `DLQ`, by its product, unless said. */
  readonly deadLetter?: string | undefined;
  /**
   * A message of the bridge's own that goes the way of the link every `intervalMs`, and measures the delay; every 5,000 unless
   * said. `false`: none. A link that ends by itself has none.
   */
  readonly canary?: CanaryOptions | false | undefined;
  /** Refuses to start where the link would lose a part of messages, such as their groups; false unless said. */
  readonly strict?: boolean | undefined;
  /** Only in programs: looks at each message before it is sent. See {@link MapMessage}. */
  readonly map?: MapMessage | undefined;
}

/** What a bridge is told: the groups, and the links between them. */
export interface BridgeConfig {
  /** By name: letters, digits and `-`. */
  readonly groups: Readonly<Record<string, BridgeGroup>>;
  /** By name: letters, digits and `-`. */
  readonly links: Readonly<Record<string, BridgeLink>>;
}

/** What a map hook is told beside the message. */
export interface MapContext {
  /** The name of the link. */
  readonly link: string;
  /** The name of the source group. */
  readonly from: string;
  /** The name of the target group. */
  readonly to: string;
  /** Where the message is about to go. */
  readonly destination: string;
}

/** What a map hook changes; what it leaves out stays as it is. */
export interface MappedMessage {
  /** Where it goes instead: `queue://NAME` or `topic://NAME`. */
  readonly destination?: string | undefined;
  /** Takes the place of the body; its AMQP sections are not passed on then. */
  readonly body?: MessageBody | undefined;
  /** Added to the message's properties, over those of the same name. */
  readonly properties?: Readonly<Record<string, PropertyValue>> | undefined;
}

/**
 * Looks at a message before it is sent. undefined forwards it as it is; `"drop"` takes it from the source and forwards
 * nothing. A throw, or a promise that rejects, makes it a dead letter with the error as the reason.
 */
export type MapMessage = (
  message: ReceivedMessage,
  context: MapContext,
) => MappedMessage | "drop" | undefined | Promise<MappedMessage | "drop" | undefined>;

/** A configuration that was checked, with what there is to say about it. */
export interface CheckedBridgeConfig {
  /** The configuration with what was not said filled in. */
  readonly config: BridgeConfig;
  /** Warnings and information; errors were thrown. */
  readonly findings: readonly Finding[];
}
