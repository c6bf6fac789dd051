/**
 * Small sums in number fields: `512*2+64`, `(3/4)^2`, `round(1024/7)`. Nothing but numbers comes in or out.
 *
 *     evaluate('512*2+64'); // 1088
 */

const FUNCTIONS: { readonly [name: string]: (...values: number[]) => number } = {
  abs: Math.abs,
  ceil: Math.ceil,
  floor: Math.floor,
  max: Math.max,
  min: Math.min,
  round: Math.round,
  sqrt: Math.sqrt,
};
const CONSTANTS: { readonly [name: string]: number } = { pi: Math.PI };
const TOKEN = /\s*(?:(\d+(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?)|([a-z]+)|(\*\*|[-+*/%^(),×÷]))/iy;
const MOST_DEPTH = 100;

/** Return what an expression gives; null if it is none, or gives no finite number. */
export function evaluate(text: string): number | null {
  const tokens = tokensOf(text.trim());
  if (tokens === null || tokens.length === 0) return null;
  const reader = new Reader(tokens);
  const value = reader.sum(0);
  return value !== null && reader.isAtEnd && Number.isFinite(value) ? value : null;
}

function tokensOf(text: string): string[] | null {
  const tokens: string[] = [];
  const pattern = new RegExp(TOKEN);
  while (pattern.lastIndex < text.length) {
    const found = pattern.exec(text);
    if (found === null) return null;
    tokens.push((found[1] ?? found[2] ?? found[3] ?? '').toLowerCase());
  }
  return tokens;
}

/** Reads by recursive descent: sums of products of signed powers. Null goes up wherever something does not fit. */
class Reader {
  #at = 0;

  constructor(private readonly tokens: readonly string[]) {}

  get isAtEnd(): boolean {
    return this.#at === this.tokens.length;
  }

  sum(depth: number): number | null {
    let value = depth > MOST_DEPTH ? null : this.#product(depth);
    for (let sign = this.#take('+', '-'); sign !== null; sign = this.#take('+', '-')) {
      const next = this.#product(depth);
      if (value === null || next === null) return null;
      value = sign === '+' ? value + next : value - next;
    }
    return value;
  }

  #product(depth: number): number | null {
    let value = this.#signed(depth);
    for (let sign = this.#take(...PRODUCTS); sign !== null; sign = this.#take(...PRODUCTS)) {
      const next = this.#signed(depth);
      if (value === null || next === null) return null;
      if (sign === '%') value %= next;
      else value = sign === '*' || sign === '×' ? value * next : value / next;
    }
    return value;
  }

  #signed(depth: number): number | null {
    const sign = this.#take('+', '-');
    if (sign === null) return this.#power(depth);
    const value = depth > MOST_DEPTH ? null : this.#signed(depth + 1);
    return value === null || sign === '+' ? value : -value;
  }

  #power(depth: number): number | null {
    const base = this.#atom(depth);
    if (base === null || this.#take('^', '**') === null) return base;
    const exponent = depth > MOST_DEPTH ? null : this.#signed(depth + 1);
    return exponent === null ? null : base ** exponent;
  }

  #atom(depth: number): number | null {
    const token = this.tokens[this.#at];
    if (token === undefined) return null;
    this.#at += 1;
    if (token === '(') {
      const value = this.sum(depth + 1);
      return this.#take(')') === null ? null : value;
    }
    if (/^[\d.]/.test(token)) return Number(token);
    return Object.hasOwn(CONSTANTS, token) ? (CONSTANTS[token] as number) : this.#call(token, depth);
  }

  #call(name: string, depth: number): number | null {
    const apply = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (apply === undefined || this.#take('(') === null) return null;
    const values: number[] = [];
    do {
      const value = this.sum(depth + 1);
      if (value === null) return null;
      values.push(value);
    } while (this.#take(',') !== null);
    return this.#take(')') === null ? null : apply(...values);
  }

  #take(...wanted: readonly string[]): string | null {
    const token = this.tokens[this.#at];
    if (token === undefined || !wanted.includes(token)) return null;
    this.#at += 1;
    return token;
  }
}

const PRODUCTS = ['*', '/', '%', '×', '÷'] as const;
