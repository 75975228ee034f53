/**
 * The records of the journal as bytes: a length, the payload, an end mark. A record without its mark was cut off by a
 * crash.
 */
import type { Destination } from "../../messaging/messages/destination.ts";
import type { DurableSubscription, MessageDraft, StoredMessage } from "./stored-message.ts";

/** A record as found; `payload` is decoded only when needed, because most messages of a journal are settled. */
export type JournalRecord =
  | { readonly kind: "stored"; readonly sequence: number; readonly payload: Buffer }
  | { readonly kind: "settled"; readonly sequence: number }
  | { readonly kind: "resume"; readonly payload: Buffer }
  | { readonly kind: "subscribed"; readonly subscription: DurableSubscription }
  | { readonly kind: "unsubscribed"; readonly key: string };

/** The first record of a compacted journal: what the removed records had contained. */
export interface ResumeRecord {
  readonly nextSequence: number;
  readonly duplicateIds: readonly string[];
}

const KINDS = { stored: 1, settled: 2, resume: 3, together: 4, subscribed: 5, unsubscribed: 6 } as const;
const END_MARK = 0x5a;
/** The length of the payload and the kind come first; the end mark follows the payload. */
const PAYLOAD_AT = 4 + 1;
const FRAME_BYTES = PAYLOAD_AT + 1;
const SEQUENCE_BYTES = 8;
const LENGTH_BYTES = 4;

export function encodeStored(message: StoredMessage): Buffer {
  const { content, sequence, ...draft } = message;
  const { body, ...contentMeta } = content;
  const meta = Buffer.from(JSON.stringify({ ...draft, content: contentMeta }));
  const record = frame(KINDS.stored, SEQUENCE_BYTES + LENGTH_BYTES + meta.length + body.length);
  record.writeDoubleBE(sequence, PAYLOAD_AT);
  const lengthAt = PAYLOAD_AT + SEQUENCE_BYTES;
  record.writeUInt32BE(meta.length, lengthAt);
  meta.copy(record, lengthAt + LENGTH_BYTES);
  body.copy(record, lengthAt + LENGTH_BYTES + meta.length);
  return record;
}

export function encodeSettled(sequence: number): Buffer {
  const record = frame(KINDS.settled, SEQUENCE_BYTES);
  record.writeDoubleBE(sequence, PAYLOAD_AT);
  return record;
}

export function encodeResume(resume: ResumeRecord): Buffer {
  return encodeText(KINDS.resume, JSON.stringify(resume));
}

export function encodeSubscribed(subscription: DurableSubscription): Buffer {
  return encodeText(KINDS.subscribed, JSON.stringify(subscription));
}

export function encodeUnsubscribed(key: string): Buffer {
  return encodeText(KINDS.unsubscribed, key);
}

/** Encodes records that a crash leaves complete or not at all: they share one end mark. */
export function encodeTogether(records: readonly Buffer[]): Buffer {
  const record = frame(
    KINDS.together,
    records.reduce((sum, { length }) => sum + length, 0),
  );
  let offset = PAYLOAD_AT;
  for (const one of records) offset += one.copy(record, offset);
  return record;
}

function encodeText(kind: number, text: string): Buffer {
  const payload = Buffer.from(text);
  const record = frame(kind, payload.length);
  payload.copy(record, PAYLOAD_AT);
  return record;
}

/** A record whose payload is written later at PAYLOAD_AT. */
function frame(kind: number, payloadBytes: number): Buffer {
  const record = Buffer.allocUnsafe(FRAME_BYTES + payloadBytes);
  record.writeUInt32BE(payloadBytes, 0);
  record[4] = kind;
  record[PAYLOAD_AT + payloadBytes] = END_MARK;
  return record;
}

/** The records up to the first incomplete one, and how many bytes they take. */
export function readRecords(bytes: Buffer): { readonly records: JournalRecord[]; readonly length: number } {
  const records: JournalRecord[] = [];
  let offset = 0;
  while (offset + FRAME_BYTES <= bytes.length) {
    const end = offset + FRAME_BYTES + bytes.readUInt32BE(offset);
    if (end > bytes.length || bytes[end - 1] !== END_MARK) break;
    const found = readPayload(bytes[offset + 4], bytes.subarray(offset + PAYLOAD_AT, end - 1));
    if (found === undefined) break;
    for (const record of found) records.push(record);
    offset = end;
  }
  return { records, length: offset };
}

function readPayload(kind: number | undefined, payload: Buffer): readonly JournalRecord[] | undefined {
  if (kind === KINDS.together) return readRecords(payload).records;
  const record = readRecord(kind, payload);
  return record && [record];
}

function readRecord(kind: number | undefined, payload: Buffer): JournalRecord | undefined {
  if (kind === KINDS.settled) return { kind: "settled", sequence: payload.readDoubleBE(0) };
  if (kind === KINDS.stored) return { kind: "stored", sequence: payload.readDoubleBE(0), payload };
  if (kind === KINDS.resume) return { kind: "resume", payload };
  if (kind === KINDS.unsubscribed) return { kind: "unsubscribed", key: payload.toString() };
  if (kind === KINDS.subscribed) {
    return { kind: "subscribed", subscription: JSON.parse(payload.toString()) as DurableSubscription };
  }
  return undefined;
}

export function decodeResume(payload: Buffer): ResumeRecord {
  return JSON.parse(payload.toString()) as ResumeRecord;
}

type StoredMeta = Omit<StoredMessage, "content" | "sequence"> & {
  readonly content: Omit<MessageDraft["content"], "body">;
};

export function decodeStored(payload: Buffer): StoredMessage {
  const metaAt = SEQUENCE_BYTES + LENGTH_BYTES;
  const bodyAt = metaAt + payload.readUInt32BE(SEQUENCE_BYTES);
  const meta = JSON.parse(payload.toString("utf8", metaAt, bodyAt)) as StoredMeta;
  // A copy: a slice would keep the whole journal in memory.
  const body = Buffer.from(payload.subarray(bodyAt));
  return {
    ...meta,
    sequence: payload.readDoubleBE(0),
    content: { ...meta.content, body } as MessageDraft["content"],
  };
}

/** The key for duplicate detection: the id within its destination. */
export function duplicateKey(destination: Destination, id: string): string {
  return `${destination.kind} ${destination.name} ${id}`;
}
