/** Our own types for the parts of stompit 1.0.0 that we use: the published ones describe another version. */
declare module "stompit" {
  import type { EventEmitter } from "node:events";
  import type { Duplex, Readable, Transform } from "node:stream";

  /** As received, but `content-length` is a number. */
  export interface FrameHeaders {
    readonly [name: string]: string | number | undefined;
  }

  /** A received frame; the stream is its body, and the next frame is read only after its end. */
  export interface IncomingFrame extends Readable {
    readonly command: string;
    readonly headers: FrameHeaders;
  }

  export interface ParserOptions {
    readonly maxLineLength?: number;
    readonly maxHeaders?: number;
    /** Node's stream option: runs once with the parser as `this`, before the first chunk. */
    readonly construct?: (this: Transform, callback: (error?: Error) => void) => void;
  }

  /** The part of a written frame that the client uses. */
  export interface OutgoingFrame {
    on(event: "error", listener: (error: Error) => void): unknown;
    end(): void;
  }

  /** What writes for the client. */
  export interface OutgoingFrameStream {
    frame(command: string, headers: Record<string, string>): OutgoingFrame;
    heartbeat(): void;
    finish(): void;
    hasFinished(): boolean;
    /** Called with the version of CONNECTED; before that, CONNECT is written as in STOMP 1.0. */
    setVersion(version: string): boolean;
  }

  export interface ClientOptions extends ParserOptions {
    readonly heartbeatOutputMargin?: number;
    readonly outgoingFrameStream?: OutgoingFrameStream;
  }

  /** Emits `connect` after CONNECTED; `error` or `end`, once, when it is over. */
  export interface Client extends EventEmitter {
    /** The headers of CONNECTED, from `connect` on. */
    readonly headers: FrameHeaders;
    connect(headers: Record<string, string>): void;
    /** Replaces the handler for a received command; CONNECTED replaces all handlers. */
    setCommandHandler(command: string, receive: (frame: IncomingFrame) => void): void;
    destroy(error?: Error): void;
    /** Starts the heart-beat timers of both directions after CONNECTED, from the peer's intervals in ms, 0 for none. */
    _runHeartbeat(incomingMs: number, outgoingMs: number): void;
  }

  const stompit: {
    readonly Client: new (socket: Duplex, options: ClientOptions) => Client;
    readonly IncomingFrameStream: new (options?: ParserOptions) => Transform;
  };
  export default stompit;
}

/** One file of stompit: its index loads everything, including an old version of qs that scanners report. */
declare module "stompit/lib/Client.js" {
  import stompit from "stompit";

  const Client: typeof stompit.Client;
  export default Client;
}

declare module "stompit/lib/IncomingFrameStream.js" {
  import stompit from "stompit";

  const IncomingFrameStream: typeof stompit.IncomingFrameStream;
  export default IncomingFrameStream;
}
