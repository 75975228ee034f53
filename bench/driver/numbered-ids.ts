/**
 * Ids for frames that are made once: as long as a UUID and counted up, so that a broker that looks for duplicates finds
 * none.
 */
import { randomUUID } from "node:crypto";

const DIGITS = 12;
const PLACE = "#".repeat(DIGITS);

/** The part of the id before the number, which differs in each process. */
export const ID_WITHOUT_NUMBER = `${randomUUID().slice(0, -DIGITS)}${PLACE}`;

/** Returns where an id's number goes in a frame with ID_WITHOUT_NUMBER; undefined for a frame without it. */
export function numberPlace(frame: Buffer): number | undefined {
  const at = frame.indexOf(PLACE);
  return at < 0 ? undefined : at;
}

export function writeNumber(bytes: Buffer, at: number, number: number): void {
  bytes.write(String(number).padStart(DIGITS, "0"), at, "latin1");
}
