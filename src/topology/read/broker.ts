/** The configuration of one broker, before brokers are combined into groups. */
import type { Connector, DestinationPolicy, PortName, Product } from "../description/topology.ts";
import type { Place, Report } from "./xml-document.ts";

/** A connector as one broker has it; its groups are determined when all files are read. */
export interface ReadConnector {
  readonly connector: Omit<Connector, "from" | "to">;
  readonly place: Place;
  /** The positions of single fields. */
  readonly places: Readonly<Partial<Record<keyof Connector, Place>>>;
}

export interface ReadBroker {
  readonly product: Product;
  /** Taken from the file's name, because Classic's XML only has the brokerName. */
  readonly member: string;
  readonly brokerName: string | undefined;
  readonly brokerId: string | undefined;
  /** The store's directory, if it is written out. */
  readonly store: string | undefined;
  /** The address that the acceptors listen on, unless that is every address. */
  readonly address: string | undefined;
  readonly ports: Readonly<Partial<Record<PortName, number>>>;
  readonly isBackup: boolean;
  readonly advisorySupport: boolean;
  readonly policies: readonly DestinationPolicy[];
  readonly connectors: readonly ReadConnector[];
  readonly place: Place;
  readonly places: Readonly<Partial<Record<"brokerId" | "brokerName" | "advisorySupport", Place>>>;
}

/** What reading one file needs. */
export interface ReadDeps {
  readonly file: string;
  /** Resolves placeholders, and reports those that remain. */
  readonly value: (text: string, place: Place) => string;
  readonly report: Report;
}

const SCHEMES: Readonly<Record<string, PortName>> = {
  tcp: "openwire",
  nio: "openwire",
  auto: "openwire",
  "auto+nio": "openwire",
  ssl: "openwire+ssl",
  "nio+ssl": "openwire+ssl",
  "auto+ssl": "openwire+ssl",
  "auto+nio+ssl": "openwire+ssl",
  stomp: "stomp",
  "stomp+nio": "stomp",
  "stomp+ssl": "stomp+ssl",
  "stomp+nio+ssl": "stomp+ssl",
  amqp: "amqp",
  "amqp+nio": "amqp",
  "amqp+ssl": "amqps",
  "amqp+nio+ssl": "amqps",
  amqps: "amqps",
  mqtt: "mqtt",
  "mqtt+nio": "mqtt",
  ws: "ws",
  http: "http",
};

/** Parses an acceptor's address; undefined for one without host and port, such as vm:. */
export function readAcceptor(
  uri: string,
): { readonly port: number; readonly name: PortName; readonly host: string } | undefined {
  const found = /^([\w+]+):\/\/(\[[^\]]*\]|[^:/?;]*):(\d{1,5})/.exec(uri.trim());
  const name = SCHEMES[found?.[1]?.toLowerCase() ?? ""];
  const port = Number(found?.[3]);
  if (!found || !name || port < 1 || port > 65_535) return undefined;
  return { name, port, host: (found[2] ?? "").replace(/^\[|\]$/g, "") };
}

/** The one address that acceptors listen on; undefined if it is every address, or unknown. */
export function addressIn(hosts: readonly string[]): string | undefined {
  return hosts.find((host) => host !== "" && !/^(0\.0\.0\.0|::|\*)$/.test(host) && !/[${}#]/.test(host));
}

/** Returns `brokerA1` for `brokerA1/activemq.xml` and for `conf/brokerA1.xml`. */
export function memberName(file: string, index: number): string {
  const parts = file.split(/[\\/]/).filter((part) => part !== "");
  const last = parts.at(-1) ?? "";
  const base = /^(activemq|broker)\.xml$/i.test(last) && parts.length > 1 ? (parts.at(-2) ?? last) : last;
  const name = base.replace(/\.xml$/i, "").replace(/[^\w.-]+/g, "-") || "broker";
  return index === 0 ? name : `${name}-${index + 1}`;
}
