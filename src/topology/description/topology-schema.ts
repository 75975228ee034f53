/** The schema of a description: it checks descriptions, and is written to docs/topology.schema.json for editors. */
import { z } from "zod";
import { SecretSchema } from "../../config/secret.ts";
import type { Topology } from "./topology.ts";

export const PORT_NAMES = [
  "openwire",
  "openwire+ssl",
  "core",
  "stomp",
  "stomp+ssl",
  "amqp",
  "amqps",
  "mqtt",
  "ws",
  "http",
] as const;

const name = z
  .string()
  .regex(/^[\w.-]{1,100}$/, "has a character other than letters, digits, _, - and ., or is longer than 100")
  .meta({ advice: "Use letters, digits, _, - and . in names, at most 100 characters" });
const text = z.string().min(1).max(4096);
const port = z.int().min(1).max(65_535);
const ttl = z.int().min(-1).max(1000);
const product = z.enum(["classic", "artemis"]);
const destination = z
  .string()
  .regex(/^(queue|topic):\/\/\S{1,500}$/)
  .meta({ advice: "Write queue://NAME or topic://NAME" });
const destinations = z.array(destination).max(1000);

const host = z.strictObject({
  address: text.meta({ description: "The name or address by which brokers and clients reach the host" }),
  zone: name.optional().meta({ description: "What fails together: a data centre, a rack, an availability zone" }),
  capacity: z.int().min(1).max(1000).optional().meta({ description: "Active members the host can carry; 2" }),
});

const member = z.strictObject({
  name: name.meta({ description: "Unique in the whole network" }),
  host: name.meta({ description: "A key of hosts" }),
  ports: z.partialRecord(z.enum(PORT_NAMES), port).meta({ description: "The port of each acceptor" }),
  brokerName: text.optional().meta({ description: "The brokerName of this member alone; that of the group" }),
});

const policy = z.strictObject({
  queue: text,
  replayWhenNoConsumers: z.boolean().optional(),
  enableAudit: z.boolean().optional(),
});

const group = z.strictObject({
  members: z.array(member).min(1).max(100).meta({ description: "The first is the preferred master" }),
  product: product.optional(),
  brokerName: text.optional().meta({ description: "The brokerName of every member; the group's name" }),
  brokerId: text.optional().meta({ description: "The brokerId of every member; random for a new one at each start" }),
  store: text.optional().meta({ description: "The directory of the shared store" }),
  advisorySupport: z.boolean().optional().meta({ description: "Connectors need it; true" }),
  policies: z.array(policy).max(1000).optional(),
});

const connector = z
  .strictObject({
    name: text.optional(),
    from: name.meta({ description: "The group whose members open the connection" }),
    to: name.optional().meta({ description: "The group they connect to" }),
    members: z.array(name).min(1).optional(),
    targets: z.array(name).min(1).optional(),
    kind: z
      .enum(["network", "bridge", "core-bridge", "sender", "receiver", "mirror", "federation"])
      .optional()
      .meta({ description: "What moves the messages; network" }),
    uri: text
      .optional()
      .meta({ description: "The address as the broker's configuration has it; planned when left out" }),
    duplex: z.boolean().optional(),
    networkTTL: ttl.optional(),
    messageTTL: ttl.optional(),
    consumerTTL: ttl.optional(),
    reconnect: z.enum(["fixed", "exponential"]).optional().meta({ description: "fixed: every 200 ms" }),
    include: destinations.optional(),
    exclude: destinations.optional(),
    static: destinations.optional(),
    username: text.optional(),
    password: SecretSchema.optional(),
  })
  .refine(({ to, uri }) => to !== undefined || uri !== undefined, {
    message: "The connector leads nowhere",
    path: ["to"],
    params: { code: "CONFIG_MISSING", advice: "Add to: with the name of a group, or uri: with an address" },
  });

/** The schema of a description. References between names are checked by readTopology. */
export const TopologySchema: z.ZodType<Topology> = z
  .strictObject({
    product: product.optional().meta({ description: "classic unless said" }),
    hosts: z.record(name, host),
    groups: z.record(name, group),
    connectors: z.array(connector).max(10_000).optional(),
  })
  .meta({ description: "A network of master/slave groups" });
