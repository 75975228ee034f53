/**
 * SASL over a rhea connection under our control: our order of mechanisms, asynchronous responses, and proof from the
 * server.
 */
import type { Connection } from "rhea";
import { kindOf, type Login } from "../../../messaging/port/login.ts";
import type { SaslMechanism } from "../../../uri/options/login-options.ts";
import type { Respond, RheaMechanism } from "../rhea/rhea-internals.ts";
import { handleSasl } from "../rhea/unlogged-sasl.ts";
import type { ConnectionEnding } from "./connection-ending.ts";
import type { SaslExchange } from "./sasl-exchange.ts";
import { candidates, exchangeOf, isLostOnArtemis } from "./sasl-mechanisms.ts";
import { UnsendableLogin } from "./scram.ts";

interface SpeakingMechanism extends RheaMechanism {
  /** Whether our first response was written. */
  readonly spoke: boolean;
}

export interface SaslTerms {
  readonly login: Login | undefined;
  readonly allowed: readonly SaslMechanism[] | undefined;
  /** Redacts the login in a text of the broker. */
  readonly redact: (text: string) => string;
  /** Called at most once; everything after it is ignored. */
  readonly end: (ending: ConnectionEnding) => void;
  /** Whether the connection is over: then a late response is dropped. */
  readonly isOver: () => boolean;
}

const ASCII_HINT = "Artemis takes SCRAM in ASCII alone; saslMechanisms=PLAIN sends the rest whole";

/** Call it when the connection has begun to write and has not read anything. */
export function governSasl(connection: Connection, terms: SaslTerms): void {
  const { login, allowed, redact, end } = terms;
  const kind = kindOf(login);
  let exchange: SaslExchange | undefined;
  let mechanism: SpeakingMechanism | undefined;
  let hint: string | undefined;
  handleSasl(connection, {
    onMechanisms(offered) {
      if (exchange) throw new Error("The mechanisms of SASL were named twice");
      const name = candidates(login, allowed).find((candidate) => offered.includes(candidate));
      if (name === undefined) {
        const shown = offered.map(redact);
        end({ kind: "sasl-unusable", login: kind, offered: shown, allowed: allowed ?? candidates(login, undefined) });
        return undefined;
      }
      exchange = exchangeOf(name, login);
      if (isLostOnArtemis(name, login)) hint = ASCII_HINT;
      mechanism = mechanismOf(exchange, terms);
      return { name, mechanism };
    },
    onChallenge() {
      if (!exchange) throw new Error("A challenge of SASL before its mechanisms");
    },
    onOutcome({ code, additional_data: additional }) {
      if (!exchange) throw new Error("An outcome of SASL before its mechanisms");
      if (!mechanism?.spoke) {
        end({ kind: "sasl-untrusted", text: "it answered the login before the login was sent" });
        return false;
      }
      if (code !== 0) {
        const said = exchange.reason ?? hint;
        end({ kind: "sasl-outcome", outcome: code, login: kind, said: said === undefined ? said : redact(said) });
        return false;
      }
      try {
        exchange.accept(additional ?? undefined);
      } catch (error) {
        end({ kind: "sasl-untrusted", text: redact((error as Error).message) });
        return false;
      }
      return true;
    },
  });
}

/** Adapts a mechanism of ours to rhea's callbacks, which throw into whoever calls them. */
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
      if (!isOver()) respond(undefined, bytes);
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
