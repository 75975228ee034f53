/** What the option table says of one option: enough to parse, check, type and document it. */

/** The longest a timer can wait: beyond it Node's timers fire at once. */
export const LONGEST_MS = 2_147_483_647;
/** What options in milliseconds have in common. */
export const MS = { type: "integer", unit: "ms", min: 0, max: LONGEST_MS, scope: "group" } as const;

export interface OptionSpec {
  readonly type: "integer" | "number" | "boolean" | "choice" | "list" | "text";
  readonly unit?: "ms" | "bytes" | "rounds" | "sends" | "sessions";
  readonly min?: number;
  readonly max?: number;
  /** For `choice` and each entry of a `list`: the spellings kept; any case is accepted in a URI. */
  readonly choices?: readonly string[];
  /** Values that other clients know and we do not follow: reported as ignored, with the reason. */
  readonly ignoredValues?: Readonly<Record<string, string>>;
  /** Where it may stand: in the group's query only, or also in that of a component. */
  readonly scope: "group" | "both";
  /** Whose name it is. */
  readonly origin: "activemq" | "qpid" | "ours";
  /** Further names of the same option, accepted in a URI. */
  readonly aliases?: readonly string[];
  /** What holds when nobody says otherwise, as a value or in words. */
  readonly default: number | boolean | string;
  /** What the Java clients do by default, where they know the option. */
  readonly java?: string;
  readonly sentence: string;
  /** Only where the meaning depends on the scheme; a single endpoint reads as masterslave:. */
  readonly schemes?: { readonly masterslave: string; readonly failover: string };
}
