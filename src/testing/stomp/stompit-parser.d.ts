/** What the STOMP side uses of stompit 1.0.0: its parser, which both ends of a STOMP connection share. */
declare module "stompit/lib/IncomingFrameStream.js" {
  import type { Readable, Transform } from "node:stream";

  export interface IncomingFrame extends Readable {
    readonly command: string;
    readonly headers: Record<string, string | number>;
  }

  export interface IncomingFrameStreamOptions {
    readonly maxLineLength?: number;
    readonly maxHeaders?: number;
  }

  /** Bytes in, frames out; each frame is a stream of its body, to be read before the next one comes. */
  const IncomingFrameStream: new (
    options?: IncomingFrameStreamOptions,
  ) => Transform & {
    read(): IncomingFrame | null;
    setVersion(version: string): boolean;
  };
  export default IncomingFrameStream;
}
