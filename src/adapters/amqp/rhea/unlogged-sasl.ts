/**
 * The SASL frames of a connection: examined before rhea acts on them, and kept out of rhea's logs, which print the
 * password under DEBUG=rhea:*.
 */
import type { Connection } from "rhea";
import { checkFields } from "./peer-fields.ts";
import {
  internalsOf,
  type RheaConnection,
  type RheaMechanism,
  rheaLog,
  type SaslOutcomeFields,
} from "./rhea-internals.ts";

/** How a connection reacts to the SASL frames of its peer. An exception ends the connection. */
export interface SaslHandler {
  /** The peer offers these mechanisms. Returns the one to use, or undefined when the login has failed. */
  onMechanisms(offered: readonly string[]): { readonly name: string; readonly mechanism: RheaMechanism } | undefined;
  /** A challenge has come; the mechanism answers it next. */
  onChallenge(): void;
  /** Returns whether the connection goes on; otherwise it is over. */
  onOutcome(outcome: SaslOutcomeFields): boolean;
}

/** Call it when the connection has begun to write and has not read anything. */
export function handleSasl(connection: Connection, handler: SaslHandler): void {
  const { sasl_transport: sasl } = internalsOf(connection);
  if (!sasl) return;
  const { on_sasl_mechanisms: start, on_sasl_challenge: step, on_sasl_outcome: finish } = sasl;
  sasl.on_sasl_mechanisms = ({ performative }) => {
    checkFields("list of mechanisms", performative.value ?? []);
    const offered = [performative.sasl_server_mechanisms ?? []].flat().map(String);
    const chosen = handler.onMechanisms(offered);
    if (!chosen) return;
    sasl.mechanisms = { [chosen.name]: chosen.mechanism };
    start.call(sasl, { performative: { sasl_server_mechanisms: chosen.name } });
  };
  sasl.on_sasl_challenge = (frame) => {
    checkFields("challenge of SASL", frame.performative.value ?? []);
    handler.onChallenge();
    step.call(sasl, frame);
  };
  sasl.on_sasl_outcome = (frame) => {
    checkFields("SASL outcome", frame.performative.value ?? []);
    if (handler.onOutcome(frame.performative)) finish.call(sasl, frame);
  };
}

const nothing = () => {};

/**
 * Silences rhea's frame logs while the connection reads or writes and its SASL layer is not done. The loggers
 * themselves, which the whole process shares, are not changed.
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
