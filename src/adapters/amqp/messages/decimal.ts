/** IEEE 754 decimals in the binary integer encoding (AMQP 1.0, 1.6.13 to 1.6.15) as text, digit by digit. */

interface DecimalFormat {
  readonly exponentBits: number;
  readonly bias: number;
}

const FORMATS: Readonly<Record<number, DecimalFormat>> = {
  4: { exponentBits: 8, bias: 101 },
  8: { exponentBits: 10, bias: 398 },
  16: { exponentBits: 14, bias: 6176 },
};

/**
 * `bytes` has 4, 8 or 16 bytes. Returns for example `-12.50`, `7E+300`, `Infinity` or `NaN`: every digit and trailing
 * zero is kept.
 */
export function decimalText(bytes: Buffer): string {
  const { exponentBits, bias } = FORMATS[bytes.length] as DecimalFormat;
  const bits = BigInt(`0x${bytes.toString("hex")}`);
  const width = BigInt(bytes.length * 8);
  const sign = bits >> (width - 1n) === 1n ? "-" : "";
  const special = Number((bits >> (width - 6n)) & 0x1fn);
  if (special === 0x1f) return "NaN";
  if (special === 0x1e) return `${sign}Infinity`;
  // Two leading ones mean that the digits begin with an implied binary 100, and all fields are shifted by two bits.
  const long = special >> 3 === 3;
  const digitBits = width - 1n - BigInt(exponentBits) - (long ? 2n : 0n);
  const exponent = Number((bits >> digitBits) & ((1n << BigInt(exponentBits)) - 1n)) - bias;
  const low = bits & ((1n << digitBits) - 1n);
  return sign + shown((long ? (0b100n << digitBits) | low : low).toString(), exponent);
}

function shown(digits: string, exponent: number): string {
  if (exponent === 0) return digits;
  const pointAt = digits.length + exponent;
  if (exponent < 0 && pointAt > 0) return `${digits.slice(0, pointAt)}.${digits.slice(pointAt)}`;
  if (exponent < 0 && pointAt > -6) return `0.${"0".repeat(-pointAt)}${digits}`;
  return `${digits}E${exponent > 0 ? "+" : ""}${exponent}`;
}
