/** The SASL frames of a connection: seen before rhea acts on them, and kept out of rhea's logs, which DEBUG=rhea:* prints with the password. */
import type { Connection } from "rhea";
import { checkFields } from "./peer-fields.ts";
import {
  internalsOf,
  type RheaConnection,
  type RheaMechanism,
  rheaLog,
  type SaslOutcomeFields,
} from "./rhea-internals.ts";

/** What a connection asks about the SASL frames of its peer. A throw ends the connection. */
export interface SaslHandler {
  /** The peer offers these mechanisms. Returns the one to use, or undefined when the login is over. */
  onMechanisms(offered: readonly string[]): { readonly name: string; readonly mechanism: RheaMechanism } | undefined;
  /** A challenge has come, which the mechanism is about to answer. */
  onChallenge(): void;
  /** Returns whether the connection goes on: it is over otherwise. */
  onOutcome(outcome: SaslOutcomeFields): boolean;
}

/** Call it when the connection has begun to speak, before anything has come. */
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
