/** The ways in which a connection ends: the signals of rhea, the socket and the login as one union. */
import type { LoginKind } from "../../../messaging/port/login.ts";

/** The first thing that ended a connection; everything later is a consequence. */
export type ConnectionEnding =
  /** The SASL outcome was not `ok`; `code` is that of the SASL outcome frame (AMQP 1.0, 5.3.3.6). */
  | {
      readonly kind: "sasl-outcome";
      readonly outcome: number;
      readonly login: LoginKind;
      /** The reason that the peer gave. */
      readonly said?: string | undefined;
    }
  /** The peer offers no mechanism that fits the login. */
  | {
      readonly kind: "sasl-unusable";
      readonly login: LoginKind;
      readonly offered: readonly string[];
      readonly allowed: readonly string[];
    }
  /** No mechanism that the peer offers can carry this login. */
  | { readonly kind: "sasl-unsendable"; readonly text: string }
  /**
   * The peer broke the rules of a mechanism, or did not prove that it knows the password where the mechanism requires
   * this.
   */
  | { readonly kind: "sasl-untrusted"; readonly text: string }
  /** The peer sent a close frame, or never opened the connection that it accepted. */
  | {
      readonly kind: "close";
      readonly condition: string | undefined;
      readonly description: string | undefined;
      /** For `amqp:invalid-field`: the name of the field in the open frame. */
      readonly field?: string | undefined;
    }
  /** The peer sent bytes that are no AMQP 1.0, or broke its rules. */
  | { readonly kind: "protocol"; readonly error: Error }
  /** The socket closed or failed. */
  | { readonly kind: "socket"; readonly error: Error | undefined };
