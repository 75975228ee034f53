/** The SASL frames of a connection, before rhea acts on them. */
import type { Connection } from "rhea";
import { checkFields } from "./peer-fields.ts";
import { internalsOf, type RheaMechanism, type SaslOutcomeFields } from "./rhea-internals.ts";

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
