/** Selectors as Artemis evaluates them: the headers of JMS have names of its own there, as its own clients translate them. */
import { UnsupportedError } from "../../../errors/errors.ts";

/** As Artemis 2.55.0's SelectorTranslator; JMSType, JMSCorrelationID and JMSReplyTo it knows by themselves (measured). */
const NAMES: ReadonlyMap<string, string> = new Map([
  ["JMSDeliveryMode", "AMQDurable"],
  ["JMSPriority", "AMQPriority"],
  ["JMSTimestamp", "AMQTimestamp"],
  ["JMSMessageID", "AMQUserID"],
  ["JMSExpiration", "AMQExpiration"],
  ["JMSXGroupID", "AMQGroupID"],
]);
const MODES: ReadonlyMap<string, string> = new Map([
  ["'PERSISTENT'", "'DURABLE'"],
  ["'NON_PERSISTENT'", "'NON_DURABLE'"],
]);
/** What no name of Artemis stands for: compared with anything they are unknown, and the selector matches nothing. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...["JMSDestination", "JMSRedelivered", "JMSDeliveryTime", "JMSXDeliveryCount", "JMSXUserID", "JMSXGroupSeq"],
]);
/** A literal with its quotes ('' is one), a word, or anything else. */
const TOKEN = /'(?:[^']|'')*'|[A-Za-z_$][\w$.]*|[\s\S]/g;

/** @throws UnsupportedError for a header of JMS that Artemis cannot select by. */
export function selectorForArtemis(selector: string): string {
  let clause: string[] = [];
  let translated = "";
  const endClause = () => {
    translated += translateClause(clause);
    clause = [];
  };
  for (const [token] of selector.matchAll(TOKEN)) {
    if (UNKNOWN.has(token)) {
      throw new UnsupportedError(
        `A selector by ${token} is not possible over STOMP on Artemis, which knows no such header: select by a property of your own`,
      );
    }
    clause.push(token);
    if (/^(and|or)$/i.test(token)) endClause();
  }
  endClause();
  return translated;
}

/** Delivery modes are words of Artemis's own, too, where they are compared with the mode. */
function translateClause(tokens: readonly string[]): string {
  const ofMode = tokens.includes("JMSDeliveryMode");
  return tokens.map((token) => NAMES.get(token) ?? (ofMode ? MODES.get(token) : undefined) ?? token).join("");
}
