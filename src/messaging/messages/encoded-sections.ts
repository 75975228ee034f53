/**
 * The parts of an AMQP message that a bridge passes on byte for byte: our own terms have no types for half of them. Kept
 * beside the message, and only while somebody asks for them.
 */
export interface EncodedSections {
  /** `x-opt-jms-msg-type`, which tells JMS clients the class of the message; undefined without one. */
  readonly messageType: Buffer | undefined;
  /** The values of the properties section by their place in it (AMQP 1.0, 3.2.4); undefined where the section ends before. */
  readonly properties: readonly (Buffer | undefined)[];
  /** Name and value of each application property, the pair as it is encoded. */
  readonly applicationProperties: readonly (readonly [name: string, pair: Buffer])[];
  /** Body and footer. */
  readonly body: Buffer;
  /** What the body is; `other` for maps, lists and the like, and for serialized objects. */
  readonly kind: "text" | "bytes" | "empty" | "other";
}

const receivedBytes = new WeakMap<object, Buffer>();
const sectionsToSend = new WeakMap<object, EncodedSections>();
let keepers = 0;

/** From now on the bytes of received messages are kept; returns what ends that. */
export function keepReceivedBytes(): () => void {
  keepers += 1;
  let over = false;
  return () => {
    if (!over) keepers -= 1;
    over = true;
  };
}

/** An adapter has received `message` as these bytes. */
export function noteReceivedBytes(message: object, bytes: Buffer): void {
  if (keepers > 0) receivedBytes.set(message, bytes);
}

/** The bytes that a message was received as; undefined where they were not kept. */
export function receivedBytesOf(message: object): Buffer | undefined {
  return receivedBytes.get(message);
}

/** The send of these options passes the sections on; its body is theirs. */
export function passSections(options: object, sections: EncodedSections): void {
  sectionsToSend.set(options, sections);
}

/** Returns undefined for a send that passes none on. */
export function sectionsOf(options: object): EncodedSections | undefined {
  return sectionsToSend.get(options);
}
