/** Reads the cases of `bridge test`: the given messages, and what is expected. */
import { z } from "zod";
import { checkShape } from "../../config/check-shape.ts";
import { ConfigError } from "../../config/config-error.ts";
import { readConfigFile } from "../../config/read-config-file.ts";
import type { BridgeConfig } from "../config/bridge-config.ts";

const Properties = z.record(z.string().min(1), z.union([z.string(), z.number(), z.boolean()]));

const CaseSchema = z.strictObject({
  name: z.string().min(1).meta({ description: "What the case shows" }),
  link: z.string().min(1).meta({ description: "The link whose source group is given the message" }),
  given: z.strictObject({
    destination: z.string().min(1),
    body: z.string().optional(),
    properties: Properties.optional(),
    replyTo: z.string().min(1).optional(),
    correlationId: z.string().optional(),
  }),
  expect: z
    .union([
      z.enum(["stays", "dead-letter"]),
      z.strictObject({
        destination: z.string().min(1),
        body: z.string().optional(),
        properties: Properties.optional(),
        replyTo: z.string().min(1).optional(),
      }),
    ])
    .meta({ advice: "Write stays, dead-letter, or { destination: queue://…, properties: { … } }" }),
});

const CasesSchema = z.strictObject({
  cases: z.array(CaseSchema).min(1).meta({ advice: "Write a list of cases, each with name, link, given and expect" }),
});

export type BridgeCase = z.infer<typeof CaseSchema>;

/** Rejects with a ConfigError, BRIDGE_CONFIG, for a file with mistakes. */
export async function readCases(file: string, config: BridgeConfig): Promise<readonly BridgeCase[]> {
  const document = await readConfigFile(file);
  const { value, findings } = checkShape(CasesSchema, document);
  const all = [...findings];
  for (const [index, { link }] of (value?.cases ?? []).entries()) {
    if (Object.hasOwn(config.links, link)) continue;
    const message = `there is no link ${link}`;
    const advice = `The links are ${Object.keys(config.links).join(", ")}`;
    all.push(document.finding({ code: "UNKNOWN_LINK", path: ["cases", index, "link"], message, advice }));
  }
  if (value && all.every(({ severity }) => severity !== "error")) return value.cases;
  throw new ConfigError("BRIDGE_CONFIG", `The cases ${file}`, all);
}
