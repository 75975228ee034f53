/** The answer of the first responding endpoint to an attempt that must fail. */
import { AttemptError, type ConnectOptions, connect, NoActiveEndpointError } from "../../src/index.ts";

/** Rejects if a session is opened after all. An endpoint that refuses TCP is skipped. */
export async function attemptAt(uri: string, options: ConnectOptions): Promise<AttemptError> {
  const outcome = await connect(uri, { initialConnect: "fail-fast", ...options }).catch((error: unknown) => error);
  if (outcome instanceof AttemptError) return outcome;
  if (outcome instanceof NoActiveEndpointError) {
    const answer = outcome.attempts.find(({ code }) => code !== "ENDPOINT_REFUSED");
    if (answer) return answer;
  }
  if (outcome instanceof Error) throw outcome;
  await (outcome as { close(): Promise<void> }).close();
  throw new Error(`A session was opened at ${uri}`);
}
