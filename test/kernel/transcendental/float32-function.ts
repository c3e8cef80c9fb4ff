import type { Expr } from '../../../compiler/kernel/expr.ts';

type Binary = Expr & { readonly kind: 'binary' };

/**
 * Expansions as JavaScript that rounds to float32 after every operation, as wasm does; `fused` turns each product that
 * is added or subtracted into a fused multiply-add, as relaxed SIMD and GPUs may.
 */
export function float32Function(names: readonly string[], e: Expr, fused: boolean): (...x: number[]) => number {
  const lines: string[] = [];
  const known = new Map<Expr, string>();
  const product = (x: Expr): Binary | undefined =>
    fused && x.kind === 'binary' && x.op === 'mul' && x.dtype === 'float32' ? x : undefined;

  const fuse = (x: Binary): string | undefined => {
    if (x.op !== 'add' && x.op !== 'sub') return undefined;
    const left = product(x.a);
    const right = product(x.b);
    const sign = x.op === 'sub' ? '-' : '+';
    if (left) return `fround(${print(left.a)} * ${print(left.b)} ${sign} ${print(x.b)})`;
    return right && `fround(${print(x.a)} ${sign} ${print(right.a)} * ${print(right.b)})`;
  };

  const arithmetic = (x: Binary): string => {
    const isFloat = x.a.dtype === 'float32';
    const fusedText = isFloat ? fuse(x) : undefined;
    if (fusedText) return fusedText;
    const [a, b] = [print(x.a), print(x.b)];
    const symbols = { add: '+', sub: '-', mul: '*', div: '/', lt: '<', le: '<=', eq: '===', ne: '!==' } as const;
    const bitwise = { and: '&', or: '|', xor: '^', shl: '<<', shr: '>>' } as const;
    if (x.op in bitwise) return `(${a} ${bitwise[x.op as keyof typeof bitwise]} ${b})`;
    if (x.op === 'min' && !isFloat) return `Math.min(${a}, ${b})`;
    const symbol = symbols[x.op as keyof typeof symbols];
    if (symbol === undefined) throw new Error(`no float32 rendering of ${x.op}`);
    if (x.dtype === 'bool') return `(${a} ${symbol} ${b} ? 1 : 0)`;
    return isFloat ? `fround(${a} ${symbol} ${b})` : `(${a} ${symbol} ${b} | 0)`;
  };

  const compute = (x: Expr): string => {
    switch (x.kind) {
      case 'binary':
        return arithmetic(x);
      case 'unary': {
        const operand = print(x.x);
        if (x.op === 'floatBits' || x.op === 'bitsFloat') return `${x.op}(${operand})`;
        if (x.op === 'not') return `(1 - ${operand})`;
        if (x.op === 'round') return `roundToEven(${operand})`;
        if (x.op === 'abs' || x.op === 'sqrt' || x.op === 'floor') return `fround(Math.${x.op}(${operand}))`;
        throw new Error(`no float32 rendering of ${x.op}`);
      }
      case 'select':
        return `(${print(x.cond)} ? ${print(x.a)} : ${print(x.b)})`;
      case 'cast':
        return `fround(${print(x.x)})`;
      default:
        throw new Error(`no float32 rendering of ${x.kind}`);
    }
  };

  const print = (x: Expr): string => {
    if (x.kind === 'local') return x.name;
    if (x.kind === 'const') return Object.is(x.value, -0) ? '-0' : `(${x.value})`;
    const name = known.get(x) ?? `v${known.size}`;
    if (!known.has(x)) {
      const text = compute(x);
      const fresh = `v${known.size}`;
      known.set(x, fresh);
      lines.push(`const ${fresh} = ${text};`);
      return fresh;
    }
    return name;
  };

  const result = print(e);
  const body = `${lines.join('\n')}\nreturn ${result};`;
  const make = new Function(
    'fround',
    'floatBits',
    'bitsFloat',
    'roundToEven',
    `return (${names.join(', ')}) => {\n${body}\n}`,
  );
  return make(Math.fround, floatBits, bitsFloat, roundToEven);
}

const floats = new Float32Array(1);
const bits = new Int32Array(floats.buffer);

export function floatBits(x: number): number {
  floats[0] = x;
  return bits[0] ?? 0;
}

export function bitsFloat(x: number): number {
  bits[0] = x;
  return floats[0] ?? 0;
}

function roundToEven(x: number): number {
  const low = Math.floor(x);
  if (x - low !== 0.5) return Math.round(x);
  return low % 2 === 0 ? low : low + 1;
}

/** Distance from the true value in units of the last place of a float32 there; wrong limits and zero signs are infinite. */
export function ulpError(got: number, truth: number): number {
  if (Number.isNaN(truth) || Number.isNaN(got)) return Number.isNaN(truth) && Number.isNaN(got) ? 0 : Infinity;
  const rounded = Math.fround(truth);
  if (Object.is(got, rounded)) return Math.abs(rounded) === Infinity ? 0 : Math.abs(got - truth) / unitAt(truth);
  if (got === 0 && truth === 0) return Infinity;
  if (Math.abs(rounded) === Infinity && Math.abs(got) === Infinity) return Infinity;
  const finite = (x: number): number => Math.max(-(2 ** 128), Math.min(2 ** 128, x));
  return Math.abs(finite(got) - finite(truth)) / unitAt(rounded === 0 ? 0 : finite(truth));
}

const unitAt = (x: number): number => 2 ** Math.max(-149, Math.floor(Math.log2(Math.min(Math.abs(x), 3.4e38))) - 23);
