/** SASL over a rhea connection, on our terms: our order of mechanisms, challenges that take time, and a server that proves itself. */
import type { Connection } from "rhea";
import { kindOf, type Login } from "../../../messaging/port/login.ts";
import type { SaslMechanism } from "../../../uri/options/login-options.ts";
import { checkFields } from "../rhea/peer-fields.ts";
import { withoutFrameLog } from "../rhea/without-frame-log.ts";
import type { ConnectionEnding } from "./connection-ending.ts";
import type { SaslExchange } from "./sasl-exchange.ts";
import { candidates, exchangeOf, isLostOnArtemis } from "./sasl-mechanisms.ts";
import { UnsendableLogin } from "./scram.ts";

/** What is touched of rhea beyond its typings; handshake.test.ts pins it. */
interface RheaSasl {
  mechanisms: Readonly<Record<string, RheaMechanism>>;
  on_sasl_mechanisms: (frame: Frame<{ sasl_server_mechanisms?: string | string[] | null }>) => void;
  on_sasl_challenge: (frame: Frame<{ readonly challenge?: Buffer | null }>) => void;
  on_sasl_outcome: (frame: Frame<OutcomeFields>) => void;
}

interface Frame<Fields> {
  /** Read of `value`, the fields by position. */
  readonly performative: Fields & { readonly value?: readonly unknown[] };
}

interface OutcomeFields {
  readonly code: number;
  readonly additional_data?: Buffer | null;
}

type Respond = (error: string | undefined, response?: Buffer) => void;

interface RheaMechanism {
  start(respond: Respond): void;
  step(challenge: Buffer, respond: Respond): void;
}

interface SpeakingMechanism extends RheaMechanism {
  /** Whether our first word was written. */
  readonly spoke: boolean;
}

export interface SaslTerms {
  readonly login: Login | undefined;
  readonly allowed: readonly SaslMechanism[] | undefined;
  /** Takes the login out of a text of the broker's. */
  readonly redact: (text: string) => string;
  /** Called once at most; what comes after it no longer matters. */
  readonly end: (ending: ConnectionEnding) => void;
  /** Whether the connection is over: a response that took time has nowhere to go then. */
  readonly isOver: () => boolean;
}

const ASCII_HINT = "Artemis takes SCRAM in ASCII alone; saslMechanisms=PLAIN sends the rest whole";

/** Call it when the connection has begun to speak, before anything has come. */
export function governSasl(connection: Connection, terms: SaslTerms): void {
  const { sasl_transport: sasl } = connection as Connection & { readonly sasl_transport?: RheaSasl };
  if (!sasl) return;
  const { login, allowed, redact, end } = terms;
  const kind = kindOf(login);
  const proceed = {
    mechanisms: sasl.on_sasl_mechanisms.bind(sasl),
    challenge: sasl.on_sasl_challenge.bind(sasl),
    outcome: sasl.on_sasl_outcome.bind(sasl),
  };
  let exchange: SaslExchange | undefined;
  let mechanism: SpeakingMechanism | undefined;
  let hint: string | undefined;
  const check = (what: string, { performative }: Frame<object>) => checkFields(what, performative.value ?? []);
  sasl.on_sasl_mechanisms = (frame) => {
    const { performative } = frame;
    check("list of mechanisms", frame);
    if (exchange) throw new Error("The mechanisms of SASL were named twice");
    const offered = [performative.sasl_server_mechanisms ?? []].flat().map(String);
    const chosen = candidates(login, allowed).find((name) => offered.includes(name));
    if (chosen === undefined) {
      const shown = offered.map(redact);
      end({ kind: "sasl-unusable", login: kind, offered: shown, allowed: allowed ?? candidates(login, undefined) });
      return;
    }
    exchange = exchangeOf(chosen, login);
    if (isLostOnArtemis(chosen, login)) hint = ASCII_HINT;
    mechanism = mechanismOf(exchange, terms);
    sasl.mechanisms = { [chosen]: mechanism };
    proceed.mechanisms({ performative: { sasl_server_mechanisms: chosen } });
  };
  sasl.on_sasl_challenge = (frame) => {
    check("challenge of SASL", frame);
    if (!exchange) throw new Error("A challenge of SASL before its mechanisms");
    proceed.challenge(frame);
  };
  sasl.on_sasl_outcome = (frame) => {
    check("SASL outcome", frame);
    const { code, additional_data: additional } = frame.performative;
    if (!exchange) throw new Error("An outcome of SASL before its mechanisms");
    if (!mechanism?.spoke) {
      end({ kind: "sasl-untrusted", text: "it judged the login before it had seen it" });
      return;
    }
    if (code !== 0) {
      const said = exchange.reason ?? hint;
      end({ kind: "sasl-outcome", outcome: code, login: kind, said: said === undefined ? said : redact(said) });
      return;
    }
    try {
      exchange.accept(additional ?? undefined);
    } catch (error) {
      end({ kind: "sasl-untrusted", text: redact((error as Error).message) });
      return;
    }
    proceed.outcome(frame);
  };
}

/** One of ours as rhea wants it: by callbacks, which throw into whoever calls them. */
function mechanismOf(exchange: SaslExchange, { redact, end, isOver }: SaslTerms): SpeakingMechanism {
  let busy = false;
  let spoke = false;
  const answer = async (response: () => Promise<Buffer>, respond: Respond): Promise<void> => {
    try {
      if (busy) throw new Error("it did not wait for the answer to its challenge");
      busy = true;
      const bytes = await response();
      busy = false;
      spoke = true;
      if (!isOver()) withoutFrameLog(() => respond(undefined, bytes));
    } catch (error) {
      const { message } = error as Error;
      if (error instanceof UnsendableLogin) end({ kind: "sasl-unsendable", text: message });
      else end({ kind: "sasl-untrusted", text: redact(message) });
    }
  };
  return {
    get spoke() {
      return spoke;
    },
    start: (respond) => void answer(() => exchange.start(), respond),
    step: (challenge, respond) => void answer(() => exchange.step(challenge ?? Buffer.alloc(0)), respond),
  };
}
