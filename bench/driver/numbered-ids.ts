/** Ids for canned frames: as long as a UUID, counted up, so that a broker that looks for duplicates finds none. */
import { randomUUID } from "node:crypto";

const DIGITS = 12;
const PLACE = "#".repeat(DIGITS);

/** Another one in each process, up to its number. */
export const ID_WITHOUT_NUMBER = `${randomUUID().slice(0, -DIGITS)}${PLACE}`;

/** Where the number of an id goes in a frame that holds ID_WITHOUT_NUMBER; undefined where it holds none. */
export function numberPlace(frame: Buffer): number | undefined {
  const at = frame.indexOf(PLACE);
  return at < 0 ? undefined : at;
}

export function writeNumber(bytes: Buffer, at: number, number: number): void {
  bytes.write(String(number).padStart(DIGITS, "0"), at, "latin1");
}
