/** Keeps the login out of rhea's logs: asked by DEBUG=rhea:* rhea prints every frame, the one with the password too. */
import { type RheaConnection, rheaLog } from "./rhea-internals.ts";

const nothing = () => {};

/**
 * Silences rhea's logs of frames while the connection reads or writes and its SASL layer is not done. The loggers
 * themselves, which everybody in the process shares, are left as they are.
 */
export function unloggedSasl(connection: RheaConnection): Partial<RheaConnection> {
  const { input, output } = connection;
  const inSasl = () => connection.sasl_transport?.transport.read_complete === false;
  return {
    input(bytes) {
      if (inSasl()) withoutFrameLog(() => input.call(connection, bytes));
      else input.call(connection, bytes);
    },
    output() {
      if (inSasl()) withoutFrameLog(() => output.call(connection));
      else output.call(connection);
    },
  };
}

function withoutFrameLog(act: () => void): void {
  const { frames, raw } = rheaLog;
  rheaLog.frames = nothing;
  rheaLog.raw = nothing;
  try {
    act();
  } finally {
    rheaLog.frames = frames;
    rheaLog.raw = raw;
  }
}
