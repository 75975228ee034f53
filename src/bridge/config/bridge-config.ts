/** The configuration of a bridge, as in a file or given by a program. */
import type { Finding } from "../../config/finding.ts";
import type { MessageBody, PropertyValue } from "../../messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";

/** A secret: as text, or as a file (read on every attempt) or environment variable that contains it. */
export type BridgeSecret = string | { readonly file: string } | { readonly env: string };

/** How to verify the brokers of a group. */
export interface BridgeGroupTls {
  /** Path of the authorities to trust instead of Node's own, PEM. */
  readonly ca?: string | undefined;
  /** Path of the client certificate, PEM. */
  readonly cert?: string | undefined;
  /** Path of the client certificate's key, PEM. */
  readonly key?: string | undefined;
  /** The name to verify in the certificate; by default the endpoint's host. */
  readonly servername?: string | undefined;
  /** false accepts any certificate; true by default. */
  readonly rejectUnauthorized?: boolean | undefined;
}

/** One group and how to reach it. */
export interface BridgeGroup {
  /** A URI of this library, such as `masterslave:(amqp://a:5672,amqp://b:5672)`. */
  readonly uri: string;
  /**
   * A URI with `stomp://` endpoints of the same group, with the same login: shows which messages the group cannot deliver
   * over AMQP. Without it, such messages are counted if the broker reports its queue depths, and not named.
   */
  readonly browseUri?: string | undefined;
  /** The name in the path of messages, if two files name one group differently; by default its key in `groups`. */
  readonly id?: string | undefined;
  /** The user name; no login by default. */
  readonly username?: string | undefined;
  /** The password, or the file or environment variable that contains it. */
  readonly password?: BridgeSecret | undefined;
  /** An OAuth bearer token instead of the password. */
  readonly token?: BridgeSecret | undefined;
  /** How to verify the group's brokers, and which certificate to show. */
  readonly tls?: BridgeGroupTls | undefined;
}

/** A pattern of names, and the new name for a name that matches. */
export interface RenameRule {
  /** A destination; `*` stands for one word and `>` at the end for the rest. */
  readonly from: string;
  /** The destination at the target; `$1`, `$2` … are what the wildcards matched. */
  readonly to: string;
}

/** The properties to add and to remove. */
export interface HeaderRules {
  /** Properties that are added to every forwarded message. */
  readonly add?: Readonly<Record<string, PropertyValue>> | undefined;
  /** Names of properties that are removed from every forwarded message. */
  readonly remove?: readonly string[] | undefined;
}

/** When a link is over: never, when its source is empty, after so many messages, or after so many milliseconds. */
export type Until = "forever" | "empty" | { readonly messages: number } | { readonly durationMs: number };

/** How often a canary is sent. */
export interface CanaryOptions {
  /** Milliseconds from one to the next, from 100 to 3,600,000. */
  readonly intervalMs: number;
}

/** What to forward from one group to another. */
export interface BridgeLink {
  /** The group to take messages from. */
  readonly from: string;
  /** The group to send them to. */
  readonly to: string;
  /** Destinations to forward, such as `queue://orders.>`; this or `static` is needed. */
  readonly include?: readonly string[] | undefined;
  /** Never forwarded, even if `include` or `static` matches. */
  readonly exclude?: readonly string[] | undefined;
  /** Plain names that are forwarded even without a consumer at the target. */
  readonly static?: readonly string[] | undefined;
  /** The first matching rule gives the destination its name at the target. */
  readonly rename?: readonly RenameRule[] | undefined;
  /** The kind of the destination at the target; by default the same as at the source. */
  readonly as?: "queue" | "topic" | undefined;
  /** Properties that are added or removed. */
  readonly headers?: HeaderRules | undefined;
  /**
   * Forwards only what has a consumer in the target group; false by default. Browsers and consumers of other bridges count
   * only on Classic over AMQP, where they cannot be told apart.
   */
  readonly demand?: boolean | undefined;
  /**
   * With `demand`, if the broker does not report its consumers: `"stop"` forwards nothing and fails the link at its start,
   * `"static"` forwards only the static destinations; `"stop"` by default.
   */
  readonly demandUnavailable?: "stop" | "static" | undefined;
  /**
   * With `demand` on topics: `"ignore"` accepts that a durable subscription is no demand while its subscriber is away, where
   * the target is Classic, which does not report it. Without this, such a link is refused.
   */
  readonly durableDemand?: "ignore" | undefined;
  /** Forwards in the other direction too; false by default. */
  readonly duplex?: boolean | undefined;
  /**
   * With `demand` and `duplex`: what was forwarded to a queue that has had no consumer for a second goes back when the queue
   * that it came from has one; false by default.
   */
  readonly returnWhenNoConsumers?: boolean | undefined;
  /**
   * Of several processes with this link one is active and the others stand by, by the broker's own means: an exclusive
   * consumer on Classic, an exclusive queue on Artemis, the client id of a durable topic; false by default.
   */
  readonly exclusive?: boolean | undefined;
  /** The most groups that a message may have come through, including this link's source; 1 by default, at most 16. */
  readonly maxHops?: number | undefined;
  /** The most messages taken from the source and not settled yet; 1,000 by default. */
  readonly maxInFlight?: number | undefined;
  /** The same limit in bytes of bodies, properties and headers; 16 MiB by default. */
  readonly maxInFlightBytes?: number | undefined;
  /**
   * The consumer priority at the source, from -128 to 127: the broker serves higher ones first. By default -5, so that
   * local consumers come first, where the source has priorities: Classic, and Artemis over AMQP. Elsewhere none, and a
   * given one is refused.
   */
  readonly priority?: number | undefined;
  /** Number of consumers of each queue; 1 by default. With more than 1 only messages of a group keep their order. */
  readonly concurrency?: number | undefined;
  /** Subscribes to topics durably, so that nothing is lost while the bridge is away; false by default. */
  readonly durable?: boolean | undefined;
  /** When the link is over; `forever` by default. */
  readonly until?: Until | undefined;
  /**
   * What to do with a body that is neither text nor bytes and cannot be passed on unchanged; by default it becomes a
   * dead letter.
   */
  readonly convert?: "json" | undefined;
  /** The source group's queue for what cannot be forwarded; by default `ActiveMQ.DLQ` or `DLQ`, by its product. */
  readonly deadLetter?: string | undefined;
  /**
   * A message of the bridge's own that travels over the link every `intervalMs` and measures the delay; every 5,000 ms by
   * default. `false` sends none. A link that ends by itself sends none.
   */
  readonly canary?: CanaryOptions | false | undefined;
  /** Refuses to start if the link would lose a part of messages, such as their groups; false by default. */
  readonly strict?: boolean | undefined;
  /** Only in programs: called with each message before it is sent. See {@link MapMessage}. */
  readonly map?: MapMessage | undefined;
}

/** The configuration of a bridge: the groups, and the links between them. */
export interface BridgeConfig {
  /** By name: letters, digits and `-`. */
  readonly groups: Readonly<Record<string, BridgeGroup>>;
  /** By name: letters, digits and `-`. */
  readonly links: Readonly<Record<string, BridgeLink>>;
}

/** What a map hook gets beside the message. */
export interface MapContext {
  /** The name of the link. */
  readonly link: string;
  /** The name of the source group. */
  readonly from: string;
  /** The name of the target group. */
  readonly to: string;
  /** The destination at the target. */
  readonly destination: string;
}

/** The changes of a map hook; fields left out stay as they are. */
export interface MappedMessage {
  /** Another destination: `queue://NAME` or `topic://NAME`. */
  readonly destination?: string | undefined;
  /** Replaces the body; then its AMQP sections are not passed on. */
  readonly body?: MessageBody | undefined;
  /** Added to the message's properties, replacing those of the same name. */
  readonly properties?: Readonly<Record<string, PropertyValue>> | undefined;
}

/**
 * Called with a message before it is sent. undefined forwards it unchanged; `"drop"` takes it from the source and
 * forwards nothing. If it throws or rejects, the message becomes a dead letter with the error as the reason.
 */
export type MapMessage = (
  message: ReceivedMessage,
  context: MapContext,
) => MappedMessage | "drop" | undefined | Promise<MappedMessage | "drop" | undefined>;

/** A checked configuration with the findings about it. */
export interface CheckedBridgeConfig {
  /** The configuration with its defaults filled in. */
  readonly config: BridgeConfig;
  /** Warnings and information; errors were thrown. */
  readonly findings: readonly Finding[];
}
