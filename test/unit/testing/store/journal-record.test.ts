import { describe, expect, it } from "vitest";
import {
  decodeResume,
  decodeStored,
  encodeResume,
  encodeSettled,
  encodeStored,
  readRecords,
} from "../../../../src/testing/store/journal-record.ts";
import type { StoredMessage } from "../../../../src/testing/store/stored-message.ts";

const message: StoredMessage = {
  sequence: 2 ** 40,
  destination: { kind: "queue", name: "orders é" },
  persistent: true,
  priority: 4,
  expiresAtMs: 1_900_000_000_000,
  duplicateId: "id-1",
  content: { protocol: "stomp", headers: { "a:b": "line\nbreak" }, kind: "bytes", body: Buffer.from([0, 0x5a, 255]) },
};

describe("journal records", () => {
  it("come back as they were written", () => {
    const bytes = Buffer.concat([
      encodeResume({ nextSequence: 7, duplicateIds: ["x"] }),
      encodeStored(message),
      encodeSettled(message.sequence),
    ]);
    const { records, length } = readRecords(bytes);
    expect(length).toBe(bytes.length);
    const [resume, stored, settled] = records;
    expect(resume?.kind === "resume" && decodeResume(resume.payload)).toEqual({ nextSequence: 7, duplicateIds: ["x"] });
    expect(stored?.kind === "stored" && decodeStored(stored.payload)).toEqual(message);
    expect(settled).toEqual({ kind: "settled", sequence: message.sequence });
  });

  it("end at a record torn at any byte, with all records before it", () => {
    const whole = encodeStored(message);
    for (let kept = 0; kept < whole.length; kept++) {
      const { records, length } = readRecords(Buffer.concat([encodeSettled(1), whole.subarray(0, kept)]));
      expect(records).toEqual([{ kind: "settled", sequence: 1 }]);
      expect(length).toBe(encodeSettled(1).length);
    }
  });

  it("end where the disk holds zeros instead of the record's end", () => {
    const whole = Buffer.concat([encodeSettled(1), encodeStored(message)]);
    whole[whole.length - 1] = 0;
    expect(readRecords(whole).records).toHaveLength(1);
  });
});
