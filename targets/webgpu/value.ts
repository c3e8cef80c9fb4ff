export type ScalarType = 'f32' | 'i32' | 'u32' | 'bool';

/** A WGSL expression with its type: one scalar, or four of them as a vector. */
export interface Value {
  readonly text: string;
  readonly type: ScalarType;
  readonly width: 1 | 4;
  /** may stand beside an operator without parentheses */
  readonly isAtom: boolean;
}

export const typeName = (type: ScalarType, width: 1 | 4): string => (width === 4 ? `vec4<${type}>` : type);

export const atom = (text: string, type: ScalarType, width: 1 | 4 = 1): Value => ({ text, type, width, isAtom: true });

const grouped = ({ text, isAtom }: Value): string => (isAtom ? text : `(${text})`);

/** `a op b`; a scalar beside a vector is only for the arithmetic operators. */
export const infix = (op: string, a: Value, b: Value, type: ScalarType = a.type): Value => ({
  text: `${grouped(a)} ${op} ${grouped(b)}`,
  type,
  width: a.width === 4 ? 4 : b.width,
  isAtom: false,
});

export const prefix = (op: string, x: Value): Value => ({ ...x, text: `${op}${grouped(x)}`, isAtom: false });

export const call = (name: string, args: readonly Value[], type: ScalarType, width: 1 | 4): Value =>
  atom(`${name}(${args.map((a) => a.text).join(', ')})`, type, width);

/** Value conversion as WGSL defines it: floats to integers truncate and saturate. */
export const convert = (type: ScalarType, x: Value): Value =>
  x.type === type ? x : call(typeName(type, x.width), [x], type, x.width);

export const bitcast = (type: ScalarType, x: Value): Value =>
  x.type === type ? x : call(`bitcast<${typeName(type, x.width)}>`, [x], type, x.width);

export const splat = (x: Value): Value => (x.width === 4 ? x : call(typeName(x.type, 4), [x], x.type, 4));

export const vector = (lanes: readonly Value[], type: ScalarType): Value => call(typeName(type, 4), lanes, type, 4);

/** One lane; of a scalar, the scalar. */
export const lane = (x: Value, i: number): Value =>
  x.width === 1 ? x : atom(`${grouped(x)}.${'xyzw'.charAt(i)}`, x.type);

export const element = (array: string, index: Value, type: ScalarType, width: 1 | 4 = 1): Value =>
  atom(`${array}[${index.text}]`, type, width);

/** An integer for index arithmetic. */
export const integer = (n: number): Value => ({ text: String(n), type: 'i32', width: 1, isAtom: n >= 0 });

const maxFloat = 3.4028234663852886e38;

/** Shortest decimal that reads back as the same float32; no decimal may exceed the largest float32. */
export function floatText(value: number): string {
  for (let digits = 1; digits <= 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value && Math.abs(short) <= maxFloat) return `${short}f`;
  }
  return `${value}f`;
}
