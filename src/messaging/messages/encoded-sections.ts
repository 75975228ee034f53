/**
 * The parts of an AMQP message that a bridge passes on byte for byte, because our own API has no types for half of
 * them. Kept beside the message, and only while a bridge asks for them.
 */
export interface EncodedSections {
  /** `x-opt-jms-msg-type`, which tells JMS clients the class of the message; undefined if it is missing. */
  readonly messageType: Buffer | undefined;
  /** The values of the properties section by position (AMQP 1.0, 3.2.4); undefined past its end. */
  readonly properties: readonly (Buffer | undefined)[];
  /** The name of each application property, and its encoded name and value. */
  readonly applicationProperties: readonly (readonly [name: string, pair: Buffer])[];
  /** Body and footer. */
  readonly body: Buffer;
  /** The kind of body; `other` is for maps, lists and the like, and for serialized objects. */
  readonly kind: "text" | "bytes" | "empty" | "other";
}

const receivedBytes = new WeakMap<object, Buffer>();
const sectionsToSend = new WeakMap<object, EncodedSections>();
let keepers = 0;

/** Keeps the bytes of received messages from now on; returns a function that ends this. */
export function keepReceivedBytes(): () => void {
  keepers += 1;
  let over = false;
  return () => {
    if (!over) keepers -= 1;
    over = true;
  };
}

/** Records that an adapter received `message` as these bytes. */
export function noteReceivedBytes(message: object, bytes: Buffer): void {
  if (keepers > 0) receivedBytes.set(message, bytes);
}

/** Returns the bytes of a received message; undefined if they were not kept. */
export function receivedBytesOf(message: object): Buffer | undefined {
  return receivedBytes.get(message);
}

/** Makes the send with these options pass the sections on instead of its own body. */
export function passSections(options: object, sections: EncodedSections): void {
  sectionsToSend.set(options, sections);
}

/** Returns undefined for a send that passes no sections on. */
export function sectionsOf(options: object): EncodedSections | undefined {
  return sectionsToSend.get(options);
}
