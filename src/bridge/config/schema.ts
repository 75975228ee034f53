/** The shape of a bridge's configuration, for the checker and, as a JSON Schema, for editors. */
import { z } from "zod";
import { SecretSchema } from "../../config/secret.ts";

/** Used in paths, selectors and client ids: only letters, digits and `-`. */
const NAME = /^[A-Za-z0-9-]{1,64}$/;
const NameSchema = z
  .string()
  .regex(NAME, "has other characters than letters, digits and -, or more than 64")
  .meta({ description: "A name: letters, digits and -", advice: "Use letters, digits and - only" });

const destinations = (description: string) =>
  z
    .array(z.string().min(1))
    .min(1)
    .meta({ description, advice: 'Write a list of destinations, such as ["queue://orders.>"]' });

const count = (description: string, maximum: number) =>
  z
    .number()
    .int()
    .min(1)
    .max(maximum)
    .meta({ description, advice: `Write a whole number from 1 to ${maximum}` });

const flag = (description: string) => z.boolean().meta({ description, advice: "Write true or false" });

/** A key of the public shape that is not implemented yet: refusing it is better than ignoring it. */
const notYet = <Only extends false | undefined>(what: string, only: Only, advice: string) =>
  z.custom<Only>((value) => value === only, {
    message: what,
    params: { code: "CONFIG_NOT_YET", advice },
  });

const TlsSchema = z.strictObject({
  ca: z.string().min(1).optional().meta({ description: "Path of the authorities to trust, PEM" }),
  cert: z.string().min(1).optional().meta({ description: "Path of the client certificate, PEM" }),
  key: z.string().min(1).optional().meta({ description: "Path of the client certificate's key, PEM" }),
  servername: z.string().min(1).optional().meta({ description: "The name to verify in the certificate" }),
  rejectUnauthorized: flag("false accepts any certificate").optional(),
});

const GroupSchema = z.strictObject({
  uri: z.string().min(1).meta({
    description: "A URI such as masterslave:(amqp://a:5672,amqp://b:5672)",
    advice: 'Write a URI such as "masterslave:(amqp://a:5672,amqp://b:5672)"',
  }),
  browseUri: z.string().min(1).optional().meta({
    description: "A URI with stomp:// endpoints of the same group, to show what it cannot deliver over AMQP",
    advice: 'Write a URI such as "masterslave:(stomp://a:61613,stomp://b:61613)"',
  }),
  id: NameSchema.optional(),
  username: z.string().optional(),
  password: SecretSchema.optional(),
  token: SecretSchema.optional(),
  tls: TlsSchema.optional(),
});

const RenameSchema = z.strictObject({
  from: z.string().min(1).meta({ description: "A destination, with * for a word and > for the rest" }),
  to: z.string().min(1).meta({ description: "Where to send it; $1, $2 … are what the wildcards stood for" }),
});

const UntilSchema = z
  .union([
    z.enum(["forever", "empty"]),
    z.strictObject({ messages: z.number().int().min(1) }),
    z.strictObject({ durationMs: z.number().int().min(1).max(2_147_483_647) }),
  ])
  .meta({
    description: "When the link is over",
    advice: "Write forever, empty, { messages: 500 } or { durationMs: 60000 }",
  });

const CanarySchema = z
  .union([z.literal(false), z.strictObject({ intervalMs: z.number().int().min(100).max(3_600_000) })])
  .meta({
    description: "A message of the bridge's own that measures the delay of the link",
    advice: "Write false for none, or { intervalMs: 5000 }",
  });

const HeadersSchema = z.strictObject({
  add: z
    .record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .meta({
      description: "Properties that every forwarded message is given",
      advice: "Write names with a text, number, true or false",
    }),
  remove: z.array(z.string().min(1)).optional().meta({ description: "Names of properties that are taken away" }),
});

const LinkSchema = z.strictObject({
  from: z.string().meta({ description: "The group to take messages from", advice: "Write the name of a group" }),
  to: z.string().meta({ description: "The group to send them to", advice: "Write the name of a group" }),
  include: destinations("Destinations to forward").optional(),
  exclude: destinations("Destinations that are never forwarded").optional(),
  static: destinations("Destinations that are forwarded in any case").optional(),
  rename: z.array(RenameSchema).optional().meta({ description: "The first rule that matches holds" }),
  as: z.enum(["queue", "topic"]).optional().meta({ description: "The kind of the destination at the target" }),
  headers: HeadersSchema.optional(),
  demand: flag("Forward only what has a consumer in the target group").optional(),
  demandUnavailable: z
    .enum(["stop", "static"])
    .optional()
    .meta({ description: "What to do where the target's broker does not tell who consumes" }),
  durableDemand: z.literal("ignore").optional().meta({
    description: "Durable subscriptions whose subscriber is away are no demand where the broker does not tell them",
    advice: "Write ignore, or leave it out",
  }),
  duplex: flag("Forward in the other direction too").optional(),
  maxHops: count("How many groups a message may have come through", 16).optional(),
  maxInFlight: count("Messages taken and not settled yet", 100_000).optional(),
  maxInFlightBytes: count("The same in bytes of bodies, properties and headers", 2_147_483_647).optional(),
  priority: z.number().int().min(-128).max(127).optional().meta({
    description: "Consumers of a higher one are served first",
    advice: "Write a whole number from -128 to 127",
  }),
  concurrency: count("Consumers of each queue", 64).optional(),
  exclusive: flag("Of several processes one is active, and the others stand by").optional(),
  durable: flag("Subscribe to topics durably").optional(),
  until: UntilSchema.optional(),
  convert: z
    .literal("json")
    .optional()
    .meta({ description: "Turn other bodies into JSON", advice: "Write json, or leave it out" }),
  deadLetter: z.string().min(1).optional().meta({ description: "A queue of the source group" }),
  returnWhenNoConsumers: flag("Take back what was forwarded and finds no consumer any more").optional(),
  canary: CanarySchema.optional(),
  strict: flag("Refuse to start where the link would lose a part of messages").optional(),
});

export const BridgeSchema = z.strictObject({
  groups: z
    .record(NameSchema, GroupSchema)
    .meta({ description: "The groups by name", advice: "Write each group as name: { uri: … }" }),
  links: z
    .record(NameSchema, LinkSchema)
    .refine((links) => Object.keys(links).length > 0, {
      message: "links is empty",
      params: { code: "NO_LINKS", advice: "Add a link" },
    })
    .meta({ description: "The links by name", advice: "Write each link as name: { from: …, to: …, include: […] }" }),
  http: notYet("http comes with the status page, which is not implemented yet", undefined, "Leave http out").optional(),
});

/** Returns the JSON Schema that is shipped for editors, as docs/bridge.schema.json. */
export function bridgeJsonSchema(): object {
  return z.toJSONSchema(BridgeSchema, {
    io: "input",
    unrepresentable: "any",
    override: ({ jsonSchema, zodSchema }) => {
      delete jsonSchema["advice"];
      // For keys that are not implemented yet: only the value that turns them off is allowed.
      if (zodSchema instanceof z.ZodCustom) Object.assign(jsonSchema, notYetSchema(zodSchema));
    },
  });
}

function notYetSchema(schema: z.ZodType): object {
  return schema.safeParse(false).success ? { const: false } : { not: {} };
}
