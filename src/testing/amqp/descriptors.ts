/** The AMQP 1.0 descriptors that the embedded group reads, by code and by symbol; Proton's clients write symbols. */
export const CODE = {
  coordinator: 0x30,
  declare: 0x31,
  discharge: 0x32,
  declared: 0x33,
  transactionalState: 0x34,
  header: 0x70,
  data: 0x75,
  amqpValue: 0x77,
} as const;

const CODES_BY_SYMBOL: ReadonlyMap<string, number> = new Map([
  ["amqp:coordinator:list", CODE.coordinator],
  ["amqp:declare:list", CODE.declare],
  ["amqp:discharge:list", CODE.discharge],
  ["amqp:declared:list", CODE.declared],
  ["amqp:transactional-state:list", CODE.transactionalState],
  ["amqp:header:list", CODE.header],
  ["amqp:delivery-annotations:map", 0x71],
  ["amqp:message-annotations:map", 0x72],
  ["amqp:properties:list", 0x73],
  ["amqp:application-properties:map", 0x74],
  ["amqp:data:binary", CODE.data],
  ["amqp:amqp-sequence:list", 0x76],
  ["amqp:amqp-value:*", CODE.amqpValue],
  ["amqp:footer:map", 0x78],
]);

/** The code of a descriptor given as a number or symbol; undefined for unknown ones. */
export function codeOfDescriptor(descriptor: unknown): number | undefined {
  if (typeof descriptor === "string") return CODES_BY_SYMBOL.get(descriptor);
  const code = Number(descriptor);
  return Number.isInteger(code) ? code : undefined;
}
