/**
 * Selectors of consumers: JMS conditions on a message's properties. The grammar is that of ActiveMQ's parser, which
 * both brokers use. It has an oddity: NOT binds tighter than comparisons do.
 */
import { LikePattern } from "./like-pattern.ts";
import type { Comparing, Order, Truth, Value } from "./operators.ts";
import * as operators from "./operators.ts";
import { readTokens, SelectorError, type Token } from "./tokens.ts";

/** Returns the value of the property of this name; null if the message has none. */
export type Properties = (name: string) => Value;
/** Returns whether a message is selected. */
export type Selector = (properties: Properties) => boolean;

type Expression = (properties: Properties) => Value;

/** No real selector nests deeper. The limit keeps the recursive parser from overflowing the stack. */
const MAX_DEPTH = 200;
const ORDERS: readonly string[] = ["<", "<=", ">", ">="];

/** Compiles a selector. @throws SelectorError when the text is no valid selector. */
export function compileSelector(text: string, comparing: Comparing = { convertTexts: false }): Selector {
  const expression = new SelectorParser(readTokens(text), comparing).parse();
  return (properties) => operators.truthOf(expression(properties)) === true;
}

class SelectorParser {
  readonly #tokens: readonly Token[];
  readonly #comparing: Comparing;
  /** The numeric literals that have a fraction. */
  readonly #fractions = new Set<Expression>();
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], comparing: Comparing) {
    this.#tokens = tokens;
    this.#comparing = comparing;
  }

  parse(): Expression {
    const expression = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takes("OR")) left = joined(operators.or, left, this.#and());
    return left;
  }

  #and(): Expression {
    let left = this.#equality();
    while (this.#takes("AND")) left = joined(operators.and, left, this.#equality());
    return left;
  }

  #equality(): Expression {
    let left = this.#comparison();
    for (;;) {
      const value = left;
      if (this.#takes("=")) left = this.#compared("=", value, this.#comparison());
      else if (this.#takes("<>")) left = negated(this.#compared("=", value, this.#comparison()));
      else if (this.#takes("IS")) left = this.#isNull(value);
      else return left;
    }
  }

  #isNull(value: Expression): Expression {
    const isNot = this.#takes("NOT");
    this.#expect("NULL");
    return (properties) => (value(properties) === null) !== isNot;
  }

  #comparison(): Expression {
    let left = this.#sum();
    for (;;) {
      const order = ORDERS.find((each) => this.#takes(each));
      if (order !== undefined) left = this.#compared(order as Order, left, this.#sum());
      else {
        const further = this.#membership(left);
        if (!further) return left;
        left = further;
      }
    }
  }

  /** Parses [NOT] BETWEEN, IN or LIKE. */
  #membership(value: Expression): Expression | undefined {
    const next = this.#tokens[this.#at + 1];
    const isNot = this.#sees("NOT") && next?.kind === "keyword" && ["BETWEEN", "IN", "LIKE"].includes(next.value);
    if (isNot) this.#at++;
    if (this.#takes("BETWEEN")) return this.#between(value, isNot);
    const found = this.#takes("IN") ? this.#in(value) : this.#takes("LIKE") ? this.#like(value) : undefined;
    return found && isNot ? negated(found) : found;
  }

  /** NOT BETWEEN is not the negation of BETWEEN: a value that cannot be compared is neither between nor not between. */
  #between(value: Expression, isNot: boolean): Expression {
    const low = this.#compared(isNot ? "<" : ">=", value, this.#sum());
    this.#expect("AND");
    const high = this.#compared(isNot ? ">" : "<=", value, this.#sum());
    return joined(isNot ? operators.or : operators.and, low, high);
  }

  #in(value: Expression): Expression {
    const list = new Set<string>();
    this.#expect("(");
    do list.add(this.#text());
    while (this.#takes(","));
    this.#expect(")");
    return (properties) => operators.isIn(value(properties), list);
  }

  #like(value: Expression): Expression {
    const pattern = this.#text();
    const escapedBy = this.#takes("ESCAPE") ? this.#text() : undefined;
    if (escapedBy !== undefined && [...escapedBy].length !== 1)
      throw new SelectorError(`ESCAPE takes one character, not "${escapedBy}"`);
    const like = new LikePattern(pattern, escapedBy);
    return (properties) => operators.isLike(value(properties), like);
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const sign = ["+", "-"].find((each) => this.#takes(each));
      if (sign === undefined) return left;
      left = calculated(sign, left, this.#product());
    }
  }

  #product(): Expression {
    let left = this.#unary();
    for (;;) {
      const sign = ["*", "/", "%"].find((each) => this.#takes(each));
      if (sign === undefined) return left;
      left = calculated(sign, left, this.#unary());
    }
  }

  #unary(): Expression {
    if (++this.#depth > MAX_DEPTH) throw new SelectorError(`It is nested more than ${MAX_DEPTH} deep`);
    try {
      if (this.#takes("NOT")) return negated(this.#unary());
      if (this.#takes("+")) return this.#unary();
      return this.#takes("-") ? calculated("-", () => 0, this.#unary()) : this.#primary();
    } finally {
      this.#depth--;
    }
  }

  #primary(): Expression {
    if (this.#takes("(")) {
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    for (const [word, constant] of [["TRUE", true] as const, ["FALSE", false] as const, ["NULL", null] as const])
      if (this.#takes(word)) return () => constant;
    const token = this.#tokens[this.#at];
    if (token === undefined || token.kind === "sign" || token.kind === "keyword") throw this.#unexpected();
    this.#at++;
    if (token.kind === "name") return (properties) => properties(token.value);
    const literal = () => token.value;
    if (token.kind === "number" && token.fraction) this.#fractions.add(literal);
    return literal;
  }

  #compared(order: Order, left: Expression, right: Expression): Expression {
    const comparing = { ...this.#comparing, fractions: this.#fractions.has(left) || this.#fractions.has(right) };
    return (properties) => operators.compare(order, left(properties), right(properties), comparing);
  }

  #text(): string {
    const token = this.#tokens[this.#at];
    if (token?.kind !== "string") throw this.#unexpected();
    this.#at++;
    return token.value;
  }

  #sees(word: string): boolean {
    const token = this.#tokens[this.#at];
    return (token?.kind === "sign" || token?.kind === "keyword") && token.value === word;
  }

  #takes(word: string): boolean {
    const isNext = this.#sees(word);
    if (isNext) this.#at++;
    return isNext;
  }

  #expect(word: string): void {
    if (!this.#takes(word)) throw this.#unexpected(`; ${word} is due`);
  }

  #unexpected(due = ""): SelectorError {
    const token = this.#tokens[this.#at];
    return new SelectorError(token ? `"${token.value}" is out of place${due}` : `It ends too early${due}`);
  }
}

function joined(join: (left: Truth, right: Truth) => Truth, left: Expression, right: Expression): Expression {
  return (properties) => join(operators.truthOf(left(properties)), operators.truthOf(right(properties)));
}

function negated(expression: Expression): Expression {
  return (properties) => operators.not(operators.truthOf(expression(properties)));
}

function calculated(sign: string, left: Expression, right: Expression): Expression {
  return (properties) => operators.calculate(sign, left(properties), right(properties));
}
