/** Bounds a text of the peer's before anything looks at it, without showing half of a secret at the cut. */

/** What is kept of one text: a sentence for people. */
const MAX_CHARACTERS = 1024;
/** What is searched for secrets: far more than is kept, so that the cut of a text falls where nothing is shown. */
const MAX_SEARCHED = 64 * MAX_CHARACTERS;

/** Returns at most `most` characters of the text, 1024 if not said, its credentials redacted. */
export function peerText(text: string, redact: (text: string) => string, most = MAX_CHARACTERS): string {
  if (text.length <= MAX_SEARCHED) return redact(text).slice(0, most);
  const shown = redact(text.slice(0, MAX_SEARCHED));
  // The first half of a secret may stand at the end of what was searched. A text that shrank so far is secrets, mostly.
  return shown.slice(0, Math.max(0, Math.min(most, shown.length - MAX_SEARCHED / 2)));
}
