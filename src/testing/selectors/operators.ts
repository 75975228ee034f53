/** The operators of a selector over known and unknown values, as in ActiveMQ (org.apache.activemq.filter). */

/** A value; null is SQL's unknown, the value of a missing property. */
export type Value = string | number | boolean | null;
/** True, false, or unknown. */
export type Truth = boolean | null;

export interface Comparing {
  /**
   * Converts a text to the type of the number or boolean it is compared with, as Classic does with properties from
   * STOMP clients.
   */
  readonly convertTexts: boolean;
  /** Whether one side is a literal with a fraction: only then is a text with a fraction converted. */
  readonly fractions?: boolean;
}

export type Order = "=" | "<" | "<=" | ">" | ">=";

const HOLDS: Readonly<Record<Order, (sign: number) => boolean>> = {
  "=": (sign) => sign === 0,
  "<": (sign) => sign < 0,
  "<=": (sign) => sign <= 0,
  ">": (sign) => sign > 0,
  ">=": (sign) => sign >= 0,
};

/** Returns unknown if a side is unknown, and false (not unknown) if the sides have different types. */
export function compare(order: Order, left: Value, right: Value, comparing: Comparing): Truth {
  if (left === null || right === null) return null;
  const [one, other] = comparing.convertTexts ? alike(left, right, comparing) : [left, right];
  if (typeof one !== typeof other || Number.isNaN(one) || Number.isNaN(other)) return false;
  return HOLDS[order](one === other ? 0 : one < other ? -1 : 1);
}

type Known = Exclude<Value, null>;

function alike(left: Known, right: Known, { fractions = false }: Comparing): readonly [Known, Known] {
  return [likeThe(right, left, fractions), likeThe(left, right, fractions)];
}

/** Java's Long.valueOf() accepts no fraction. A text that it does not accept is equal to nothing. */
function likeThe(other: Known, value: Known, fractions: boolean): Known {
  if (typeof value !== "string" || typeof other === "string") return value;
  if (typeof other === "boolean") return value.toLowerCase() === "true";
  // The digits before and after the point must not overlap: `\d+\.?\d*` tries every split of a long run of digits.
  const isNumber = fractions || !Number.isInteger(other) ? /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)$/ : /^[+-]?\d+$/;
  return isNumber.test(value) ? Number(value) : Number.NaN;
}

export function and(left: Truth, right: Truth): Truth {
  if (left === false || right === false) return false;
  return left === null || right === null ? null : true;
}

export function or(left: Truth, right: Truth): Truth {
  if (left === true || right === true) return true;
  return left === null || right === null ? null : false;
}

export function not(truth: Truth): Truth {
  return truth === null ? null : !truth;
}

/** Returns the truth of a condition that is just a property: a value that is not a boolean counts as false. */
export function truthOf(value: Value): Truth {
  return value === null ? null : value === true;
}

/** Returns unknown unless both sides are numbers. */
export function calculate(sign: string, left: Value, right: Value): Value {
  if (sign === "+" && typeof left === "string" && right !== null) return left + String(right);
  if (typeof left !== "number" || typeof right !== "number") return null;
  if (sign === "+") return left + right;
  if (sign === "-") return left - right;
  if (sign === "*") return left * right;
  return sign === "/" ? left / right : left % right;
}

/** Only texts can be in lists and match LIKE patterns. */
export function isIn(value: Value, list: ReadonlySet<string>): Truth {
  if (typeof value !== "string") return null;
  return list.has(value);
}

export function isLike(value: Value, pattern: { matches(text: string): boolean }): Truth {
  if (value === null) return null;
  return typeof value === "string" && pattern.matches(value);
}
