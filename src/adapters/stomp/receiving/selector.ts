/**
 * Translates selectors for Artemis, which has its own names for the JMS headers; its own clients translate them too.
 */
import { UnsupportedError } from "../../../errors/errors.ts";

/**
 * As in Artemis 2.55.0's SelectorTranslator. Artemis knows JMSType, JMSCorrelationID and JMSReplyTo directly
 * (measured).
 */
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
/** JMS headers without a name in Artemis: comparing them gives "unknown", so the selector matches nothing. */
const UNKNOWN: ReadonlySet<string> = new Set([
  ...["JMSDestination", "JMSRedelivered", "JMSDeliveryTime", "JMSXDeliveryCount", "JMSXUserID", "JMSXGroupSeq"],
]);
/** A literal with its quotes ('' is an escaped quote), a word, or any other character. */
const TOKEN = /'(?:[^']|'')*'|[A-Za-z_$][\w$.]*|[\s\S]/g;

/** @throws UnsupportedError for a JMS header that Artemis cannot select by. */
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

/** Artemis also has its own words for the delivery modes, if they are compared with the mode. */
function translateClause(tokens: readonly string[]): string {
  const ofMode = tokens.includes("JMSDeliveryMode");
  return tokens.map((token) => NAMES.get(token) ?? (ofMode ? MODES.get(token) : undefined) ?? token).join("");
}
