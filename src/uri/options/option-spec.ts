/** What the option table holds for one option: enough to parse, check, type and document it. */

/** The longest delay of a Node timer in ms: a longer one fires at once. */
export const LONGEST_MS = 2_147_483_647;
/** The fields that all options in milliseconds share. */
export const MS = { type: "integer", unit: "ms", min: 0, max: LONGEST_MS, scope: "group" } as const;

export interface OptionSpec {
  readonly type: "integer" | "number" | "boolean" | "choice" | "list" | "text";
  readonly unit?: "ms" | "bytes" | "rounds" | "sends" | "sessions";
  readonly min?: number;
  readonly max?: number;
  /** For `choice` and each entry of a `list`: the allowed spellings. A URI may use any case. */
  readonly choices?: readonly string[];
  /** Values of other clients that have no effect here: reported as ignored, with this reason. */
  readonly ignoredValues?: Readonly<Record<string, string>>;
  /** Where the option may stand: in the group's query only, or also in that of an endpoint. */
  readonly scope: "group" | "both";
  /** Which client the name comes from. */
  readonly origin: "activemq" | "qpid" | "ours";
  /** Other accepted names of the option in a URI. */
  readonly aliases?: readonly string[];
  /** The default, as a value or in words. */
  readonly default: number | boolean | string;
  /** The default of the Java clients, if they know the option. */
  readonly java?: string;
  readonly sentence: string;
  /** Present only if the meaning depends on the scheme; a single endpoint counts as masterslave:. */
  readonly schemes?: { readonly masterslave: string; readonly failover: string };
}
