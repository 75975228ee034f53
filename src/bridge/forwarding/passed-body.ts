/** The body of a message for the target: from AMQP to AMQP unchanged, otherwise as text or bytes. */
import { readSections } from "../../adapters/amqp/messages/section-reader.ts";
import { MasterSlaveError } from "../../errors/errors.ts";
import { type EncodedSections, receivedBytesOf } from "../../messaging/messages/encoded-sections.ts";
import type { MessageBody } from "../../messaging/messages/outgoing-message.ts";
import type { ReceivedMessage } from "../../messaging/messages/received-message.ts";
import type { HeaderRules } from "../config/bridge-config.ts";
import type { Protocol } from "../routing/message-identity.ts";
import { staysBehind } from "./carried-properties.ts";

export interface PassedBody {
  readonly body: MessageBody;
  /** Sections to pass on; they contain the application properties. */
  readonly sections: EncodedSections | undefined;
}

/** The target's protocol has no form for this body. */
export class UnbridgeableBodyError extends Error {
  readonly code = "UNBRIDGEABLE_BODY";
}

export interface BodyRules {
  readonly targetProtocol: Protocol;
  readonly convert: "json" | undefined;
  readonly headers: HeaderRules | undefined;
}

/** @throws UnbridgeableBodyError for a body that is neither text nor bytes, unless it may be converted. */
export function passedBody(message: ReceivedMessage, { targetProtocol, convert, headers }: BodyRules): PassedBody {
  const sections = sectionsIn(message);
  if (sections && targetProtocol === "amqp") return { body: sections.body, sections: withoutLocal(sections, headers) };
  if (sections?.kind === "other" && convert !== "json")
    throw new UnbridgeableBodyError(
      "the body is neither text nor bytes, and STOMP has no form for it (convert: json would make JSON of it)",
    );
  return { body: plainBody(message), sections: undefined };
}

/** The sections of a received AMQP message; undefined over STOMP. @throws MasterSlaveError UNREADABLE_BODY. */
export function sectionsIn(message: ReceivedMessage): EncodedSections | undefined {
  const bytes = receivedBytesOf(message);
  if (!bytes) return undefined;
  try {
    return readSections(bytes);
  } catch (cause) {
    throw new MasterSlaveError("UNREADABLE_BODY", `The message cannot be taken apart: ${(cause as Error).message}`, {
      cause,
    });
  }
}

/** Text that is not UTF-8 is sent as bytes. */
export function plainBody(message: ReceivedMessage): MessageBody {
  if (message.kind === "bytes") return message.bytes();
  try {
    return message.text();
  } catch {
    return message.bytes();
  }
}

function withoutLocal(sections: EncodedSections, { remove = [] }: HeaderRules = {}): EncodedSections {
  const kept = sections.applicationProperties.filter(([name]) => !staysBehind(name) && !remove.includes(name));
  return { ...sections, applicationProperties: kept };
}
