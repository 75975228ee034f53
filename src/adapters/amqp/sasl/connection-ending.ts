/** How a connection ends: the signals of rhea, the socket and the login as one union. */
import type { LoginKind } from "../../../messaging/port/login.ts";

/** The first thing that ended a connection; everything after it is an echo. */
export type ConnectionEnding =
  /** The SASL outcome was not `ok`; the code is the one of the SASL outcome frame (AMQP 1.0, 5.3.3.6). */
  | {
      readonly kind: "sasl-outcome";
      readonly outcome: number;
      readonly login: LoginKind;
      /** What the peer said of why. */
      readonly said?: string | undefined;
    }
  /** None of the mechanisms the peer offers can be used with the login at hand. */
  | {
      readonly kind: "sasl-unusable";
      readonly login: LoginKind;
      readonly offered: readonly string[];
      readonly allowed: readonly string[];
    }
  /** No mechanism that the peer offers can carry this login. */
  | { readonly kind: "sasl-unsendable"; readonly text: string }
  /** The peer broke the rules of a mechanism, or did not prove itself where the mechanism asks for it. */
  | { readonly kind: "sasl-untrusted"; readonly text: string }
  /** The peer sent a close frame, or never opened what it accepted. */
  | {
      readonly kind: "close";
      readonly condition: string | undefined;
      readonly description: string | undefined;
      /** Of `amqp:invalid-field`: which, in the symbols of the open frame. */
      readonly field?: string | undefined;
    }
  /** The peer sent what is no AMQP 1.0, or broke its rules. */
  | { readonly kind: "protocol"; readonly error: Error }
  /** The socket is gone. */
  | { readonly kind: "socket"; readonly error: Error | undefined };
