/** The records of the journal as bytes: a length, the payload, an end mark; a record without its mark was torn by a crash. */
import type { Destination } from "../../messaging/destination.ts";
import type { MessageDraft, StoredMessage } from "./stored-message.ts";

export type JournalRecord =
  | { readonly kind: "stored"; readonly message: StoredMessage }
  | { readonly kind: "settled"; readonly sequence: number }
  /** Written when the journal is made anew: what its removed records had taught. */
  | { readonly kind: "resume"; readonly nextSequence: number; readonly duplicateIds: readonly string[] };

const KINDS = { stored: 1, settled: 2, resume: 3 } as const;
const END_MARK = 0x5a;
/** Length, kind, end mark. */
const FRAME_BYTES = 4 + 1 + 1;

export function encodeStored(message: StoredMessage): Buffer {
  const { content, ...draft } = message;
  const { body, ...contentMeta } = content;
  const meta = Buffer.from(JSON.stringify({ ...draft, content: contentMeta }));
  const payload = Buffer.allocUnsafe(4 + meta.length + body.length);
  payload.writeUInt32BE(meta.length, 0);
  meta.copy(payload, 4);
  body.copy(payload, 4 + meta.length);
  return frame(KINDS.stored, payload);
}

export function encodeSettled(sequence: number): Buffer {
  const record = Buffer.allocUnsafe(FRAME_BYTES + 8);
  record.writeUInt32BE(8, 0);
  record[4] = KINDS.settled;
  record.writeDoubleBE(sequence, 5);
  record[13] = END_MARK;
  return record;
}

export function encodeResume(nextSequence: number, duplicateIds: readonly string[]): Buffer {
  return frame(KINDS.resume, Buffer.from(JSON.stringify({ nextSequence, duplicateIds })));
}

function frame(kind: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(FRAME_BYTES + payload.length);
  record.writeUInt32BE(payload.length, 0);
  record[4] = kind;
  payload.copy(record, 5);
  record[5 + payload.length] = END_MARK;
  return record;
}

/** The records from the start of `bytes` up to the first torn one, and how many bytes they take. */
export function decodeRecords(bytes: Buffer): { readonly records: JournalRecord[]; readonly length: number } {
  const records: JournalRecord[] = [];
  let offset = 0;
  while (offset + FRAME_BYTES <= bytes.length) {
    const end = offset + FRAME_BYTES + bytes.readUInt32BE(offset);
    if (end > bytes.length || bytes[end - 1] !== END_MARK) break;
    const record = decodePayload(bytes[offset + 4], bytes.subarray(offset + 5, end - 1));
    if (record === undefined) break;
    records.push(record);
    offset = end;
  }
  return { records, length: offset };
}

function decodePayload(kind: number | undefined, payload: Buffer): JournalRecord | undefined {
  switch (kind) {
    case KINDS.settled:
      return { kind: "settled", sequence: payload.readDoubleBE(0) };
    case KINDS.resume:
      return {
        kind: "resume",
        ...(JSON.parse(payload.toString()) as { nextSequence: number; duplicateIds: string[] }),
      };
    case KINDS.stored:
      return { kind: "stored", message: decodeStored(payload) };
    default:
      return undefined;
  }
}

type StoredMeta = Omit<StoredMessage, "content"> & { readonly content: Omit<MessageDraft["content"], "body"> };

function decodeStored(payload: Buffer): StoredMessage {
  const bodyAt = 4 + payload.readUInt32BE(0);
  const meta = JSON.parse(payload.toString("utf8", 4, bodyAt)) as StoredMeta;
  // A copy: a slice would keep the whole journal in memory.
  const body = Buffer.from(payload.subarray(bodyAt));
  return {
    ...meta,
    expiresAtMs: meta.expiresAtMs,
    duplicateId: meta.duplicateId,
    content: { ...meta.content, body } as MessageDraft["content"],
  };
}

/** What duplicate detection compares: the id within its destination. */
export function duplicateKey(destination: Destination, id: string): string {
  return `${destination.kind} ${destination.name} ${id}`;
}
