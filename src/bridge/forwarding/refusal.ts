/** Decides whether a failed send is the fault of the message or of the link. */
import { MasterSlaveError } from "../../errors/errors.ts";

export type HoldCode = "TARGET_UNAUTHORIZED" | "TARGET_MISSING" | "TARGET_FULL" | "TARGET_REFUSES";

export type Refusal =
  /** Refused because of its content: it becomes a dead letter. */
  | { readonly kind: "poison"; readonly code: string; readonly reason: string }
  /** Refused because of our rights or the destination: never a dead letter. */
  | { readonly kind: "hold"; readonly code: HoldCode; readonly reason: string }
  /** The broker does not say which. */
  | { readonly kind: "unknown"; readonly code: "TARGET_REFUSES"; readonly reason: string }
  /** Its time to live ran out. */
  | { readonly kind: "expired" }
  /** The connection is over: the message stays with the source. */
  | { readonly kind: "closed"; readonly reason: string };

/** The texts of both brokers over both protocols, including AMQP conditions. */
const WORDS: readonly (readonly [RegExp, HoldCode | "poison"])[] = [
  [/unauthorized|not authorized|permission|security/i, "TARGET_UNAUTHORIZED"],
  [/message-size-exceeded|too large|maximum (data length|frame size)/i, "poison"],
  [/resource-limit-exceeded|is full|usage ?manager|out of (disk|memory|space)|AMQ229102|limit/i, "TARGET_FULL"],
  [/amqp:not-found|does not exist|not found|cannot be found|AMQ229017/i, "TARGET_MISSING"],
];

/** Codes that concern the message itself. */
const POISON: ReadonlySet<string> = new Set([
  "MESSAGE_TOO_LARGE",
  "INVALID_ARGUMENT",
  "UNSUPPORTED",
  "UNREADABLE_BODY",
]);
const CLOSED: ReadonlySet<string> = new Set(["CONNECTION_CLOSED", "ABORTED", "SEND_IN_DOUBT"]);

export function readRefusal(thrown: unknown): Refusal {
  const error = MasterSlaveError.from(thrown);
  const { code, message: reason } = error;
  if (CLOSED.has(code)) return { kind: "closed", reason };
  if (code === "SEND_EXPIRED") return { kind: "expired" };
  if (POISON.has(code)) return { kind: "poison", code, reason };
  if (error.cause instanceof Error && code === "POISON_SEND")
    return ofWords(`${reason} ${error.cause.message}`, reason) ?? { kind: "poison", code, reason };
  const said = ofWords(reason, reason);
  if (said) return said;
  if (code === "POISON_SEND") return { kind: "poison", code, reason };
  // Given back without being stored: nothing is wrong with the message.
  if (error.retryable) return { kind: "hold", code: "TARGET_REFUSES", reason };
  return { kind: "unknown", code: "TARGET_REFUSES", reason };
}

function ofWords(text: string, reason: string): Refusal | undefined {
  // The destination's name may contain such a word.
  const said = text.replace(/\b(queue|topic):\/\/\S+/g, "");
  const found = WORDS.find(([words]) => words.test(said))?.[1];
  if (found === undefined) return undefined;
  return found === "poison"
    ? { kind: "poison", code: "MESSAGE_TOO_LARGE", reason }
    : { kind: "hold", code: found, reason };
}
