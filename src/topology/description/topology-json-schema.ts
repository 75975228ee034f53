/** The JSON Schema of a description. In a file of its own, so that its declarations name no package. */
import { z } from "zod";
import { TopologySchema } from "./topology-schema.ts";

/** Returns the JSON Schema of a description, for editors. */
export function topologyJsonSchema(): Readonly<Record<string, unknown>> {
  return z.toJSONSchema(TopologySchema, { io: "input", unrepresentable: "any" }) as Record<string, unknown>;
}
