/** Limits the length of a peer's text before anything searches it, without showing half of a secret at the cut. */

/** How much of one text is kept: enough for a sentence. */
const MAX_CHARACTERS = 1024;
/** How much is searched for secrets: far more than is kept, so that the cut falls where nothing is shown. */
const MAX_SEARCHED = 64 * MAX_CHARACTERS;

/** Returns at most `most` characters of the text, 1024 by default, with credentials redacted. */
export function peerText(text: string, redact: (text: string) => string, most = MAX_CHARACTERS): string {
  if (text.length <= MAX_SEARCHED) return redact(text).slice(0, most);
  const shown = redact(text.slice(0, MAX_SEARCHED));
  // The first half of a secret may stand at the end of the searched part. A text that shrinks this much consists mostly
  // of secrets.
  return shown.slice(0, Math.max(0, Math.min(most, shown.length - MAX_SEARCHED / 2)));
}
