/** A network of groups as described: hosts, groups of members, and the connectors between groups. */

/** Which broker the members run. */
export type Product = "classic" | "artemis";

/** The protocol of a member's acceptor. `core` is the port for other Artemis brokers. */
export type PortName =
  | "openwire"
  | "openwire+ssl"
  | "core"
  | "stomp"
  | "stomp+ssl"
  | "amqp"
  | "amqps"
  | "mqtt"
  | "ws"
  | "http";

/** A machine, or anything else that fails as one. */
export interface Host {
  /** The name or address by which brokers and clients reach the host. */
  readonly address: string;
  /** What fails together: a data centre, a rack, an availability zone. Unknown when left out. */
  readonly zone?: string | undefined;
  /** How many active members the host can carry; 2 when left out. */
  readonly capacity?: number | undefined;
}

/** One broker of a group. */
export interface Member {
  /** Unique in the whole network. */
  readonly name: string;
  /** The key of the host in `hosts`. */
  readonly host: string;
  /** The port of each acceptor. */
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  /** The brokerName in this member's own configuration; that of the group when left out. */
  readonly brokerName?: string | undefined;
}

/** Policies of destinations that matter to networks. */
export interface DestinationPolicy {
  /** A queue name, with ActiveMQ's wildcards. */
  readonly queue: string;
  /** Whether messages may go back to the group they came from when their consumers have left; false when left out. */
  readonly replayWhenNoConsumers?: boolean | undefined;
  /** The cursor's duplicate check, which drops messages that come back; true when left out. */
  readonly enableAudit?: boolean | undefined;
}

/** Members with one store, of which one is active at a time. */
export interface Group {
  /** The first is the preferred master. */
  readonly members: readonly Member[];
  /** The product of this group; that of the network when left out. */
  readonly product?: Product | undefined;
  /** The brokerName of every member; the group's own name when left out. */
  readonly brokerName?: string | undefined;
  /** The brokerId of every member; `ID:<brokerName>` when left out; `random` if each start makes a new one. */
  readonly brokerId?: string | undefined;
  /** The directory of the shared store; `<base directory>/<group>` when left out. */
  readonly store?: string | undefined;
  /** Whether the brokers announce consumers, which connectors need; true when left out. */
  readonly advisorySupport?: boolean | undefined;
  /** Destination policies that matter to networks; none when left out. */
  readonly policies?: readonly DestinationPolicy[] | undefined;
}

/**
 * How a connector moves messages: `network` is a Classic network connector or an Artemis cluster connection; `bridge` is
 * this package's bridge; `core-bridge` is an Artemis bridge; the others are elements of an Artemis `amqp-connection`.
 */
export type ConnectorKind = "network" | "bridge" | "core-bridge" | "sender" | "receiver" | "mirror" | "federation";

/** A secret: a text, a file, or an environment variable. */
export type ConnectorSecret = string | { readonly file: string } | { readonly env: string };

/** A connector from one group to another. One from a group to itself is a mistake that `check` reports. */
export interface Connector {
  /** Unique among the connectors of `from`; `<from>-to-<to>` when left out. */
  readonly name?: string | undefined;
  /** The group whose members open the connection. */
  readonly from: string;
  /** The group they connect to; found by `uri` when left out. */
  readonly to?: string | undefined;
  /** Only these members of `from` have the connector; all of them when left out. */
  readonly members?: readonly string[] | undefined;
  /** Only these members of `to` are connected to; all of them when left out. */
  readonly targets?: readonly string[] | undefined;
  /** `network` when left out. */
  readonly kind?: ConnectorKind | undefined;
  /** The address in the broker's configuration; written by `plan` when left out. */
  readonly uri?: string | undefined;
  /** Messages flow both ways over the one connection; false when left out. */
  readonly duplex?: boolean | undefined;
  /** How many connectors a message, or the news of a consumer, may cross; 1 when left out, -1 for any number. */
  readonly networkTTL?: number | undefined;
  /** `networkTTL` for messages alone. */
  readonly messageTTL?: number | undefined;
  /** `networkTTL` for the news of consumers alone. */
  readonly consumerTTL?: number | undefined;
  /** `fixed` retries every 200 ms; `exponential` is the brokers' default, 1 s to 30 s. `fixed` when left out. */
  readonly reconnect?: "fixed" | "exponential" | undefined;
  /** Destinations such as `queue://orders.>`; everything when left out. */
  readonly include?: readonly string[] | undefined;
  /** Destinations that stay; none when left out. */
  readonly exclude?: readonly string[] | undefined;
  /** Destinations that are forwarded even without a consumer; none when left out. */
  readonly static?: readonly string[] | undefined;
  /** The login at the other group; none when left out. */
  readonly username?: string | undefined;
  /** Its password. */
  readonly password?: ConnectorSecret | undefined;
}

/** A network of groups. */
export interface Topology {
  /** `classic` when left out. */
  readonly product?: Product | undefined;
  /** By name. */
  readonly hosts: Readonly<Record<string, Host>>;
  /** By name. */
  readonly groups: Readonly<Record<string, Group>>;
  /** None when left out. */
  readonly connectors?: readonly Connector[] | undefined;
}
