import type { Expr } from '../kernel/expr.ts';
import { load } from '../kernel/expr.ts';
import { type Axis, type Indexable, makeAxis } from '../kernel/index-expr.ts';
import type { Meaning } from '../kernel/meaning.ts';
import { type Shape, sizesOf } from '../tensor/shape.ts';
import type { TensorType } from '../tensor/tensor.ts';

export type AttributeValue = number | string | boolean | readonly number[];
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** An input of an op as its meaning sees it: a typed array of expressions. */
export interface Operand {
  readonly id: number;
  readonly type: TensorType;
  readonly sizes: readonly number[];
  /** Element at one index per dimension; with `fill`, that value outside the bounds. */
  at(index: readonly Indexable[], fill?: number): Expr;
}

/**
 * elementwise: each output element is computed from the elements at the same (broadcast) index, no reduction.
 * movement: each output element is a copy of one input element or a fill.
 */
export type OpClass = 'elementwise' | 'movement' | 'reduction' | 'contraction' | 'other';

/** rounding: float arithmetic. exact: moves or integers. discontinuous: near-ties may fall either way (floor, argmax, comparison). */
export type Tolerance = 'rounding' | 'exact' | 'discontinuous';

export interface Op {
  readonly name: string;
  readonly class: OpClass;
  readonly tolerance: Tolerance;
  /** Operand names in order: `x` required, `x?` optional, `x...` (last) any number. */
  readonly inputs: readonly string[];
  /** Output types. Throws OpError when inputs or attributes do not fit. */
  infer(inputs: readonly TensorType[], attributes: Attributes): TensorType[];
  /** One meaning per output. Inputs have been accepted by `infer`. */
  meaning(inputs: readonly Operand[], attributes: Attributes): Meaning[];
}

/** One entry per name: `x` required, `x?` optional, `x...` (last) any number. */
export type OperandList<N extends readonly string[], T> = N extends readonly [
  infer H,
  ...infer R extends readonly string[],
]
  ? H extends `${string}...`
    ? readonly T[]
    : H extends `${string}?`
      ? readonly [T | undefined, ...OperandList<R, T>]
      : readonly [T, ...OperandList<R, T>]
  : readonly [];

/** An op of one output. */
export interface OpDefinition<A, N extends readonly string[]> {
  readonly class: OpClass;
  readonly tolerance: Tolerance;
  readonly inputs: N;
  /** Checks the attributes and fills in defaults. */
  parse(attributes: AttributeReader): A;
  infer(inputs: OperandList<N, TensorType>, attributes: A): TensorType;
  /** Element of the output at `axes`, one axis per dimension. */
  meaning(inputs: OperandList<N, Operand>, axes: readonly Axis[], attributes: A, output: TensorType): Expr;
}

/** Inputs or attributes that an op refuses; ingest and verify add file and node. */
export class OpError extends Error {}

/** Typed access to attributes; a missing required one or one of the wrong type is an OpError. */
export interface AttributeReader {
  number(name: string, fallback?: number): number;
  string(name: string, fallback?: string): string;
  boolean(name: string, fallback?: boolean): boolean;
  numbers(name: string, fallback?: readonly number[]): readonly number[];
}

/** Closes over the attribute parser, so that the registry holds plain `Op`s. */
export function defineOp<A, const N extends readonly string[]>(name: string, definition: OpDefinition<A, N>): Op {
  const parse = (attributes: Attributes): A => definition.parse(readAttributes(name, attributes));
  const infer = (inputs: readonly TensorType[], attributes: A): TensorType => {
    if (!isOperandList(definition.inputs, inputs)) {
      throw new OpError(`${name} takes (${definition.inputs.join(', ')}), not ${inputs.length} inputs`);
    }
    return definition.infer(inputs, attributes);
  };
  return {
    name,
    class: definition.class,
    tolerance: definition.tolerance,
    inputs: definition.inputs,
    infer: (inputs, attributes) => [infer(inputs, parse(attributes))],
    meaning: (inputs, attributes) => {
      const parsed = parse(attributes);
      const output = infer(
        inputs.map((x) => x.type),
        parsed,
      );
      if (!isOperandList(definition.inputs, inputs)) throw new TypeError(`internal: operands of ${name}`);
      const axes = outputAxes(output.shape);
      return [{ axes, value: definition.meaning(inputs, axes, parsed, output) }];
    },
  };
}

function isOperandList<N extends readonly string[], T>(
  names: N,
  inputs: readonly (T | undefined)[],
): inputs is OperandList<N, T> {
  const required = names.filter((n) => !n.endsWith('?') && !n.endsWith('...')).length;
  const open = names.at(-1)?.endsWith('...') ?? false;
  return inputs.length >= required && (open || inputs.length <= names.length);
}

const outputAxes = (shape: Shape): Axis[] => shape.map((d, i) => makeAxis(`d${i}`, d));

export function makeOperand(id: number, type: TensorType): Operand {
  const sizes = sizesOf(type.shape);
  return { id, type, sizes, at: (index, fill) => load({ id, dtype: type.dtype, sizes }, index, fill) };
}

/** The reader of a node's attributes, as the definition of its op parses them. */
export function readAttributes(op: string, attributes: Attributes): AttributeReader {
  const read = <T extends AttributeValue>(
    name: string,
    fallback: T | undefined,
    accept: (v: AttributeValue) => v is T,
    expected: string,
  ): T => {
    const value = attributes[name] ?? fallback;
    if (value === undefined) throw new OpError(`${op} needs the attribute "${name}"`);
    if (!accept(value))
      throw new OpError(`attribute "${name}" of ${op} must be ${expected}, not ${JSON.stringify(value)}`);
    return value;
  };
  return {
    number: (name, fallback) => read(name, fallback, (v): v is number => typeof v === 'number', 'a number'),
    string: (name, fallback) => read(name, fallback, (v): v is string => typeof v === 'string', 'a string'),
    boolean: (name, fallback) => read(name, fallback, (v): v is boolean => typeof v === 'boolean', 'true or false'),
    numbers: (name, fallback) =>
      read(name, fallback, (v): v is readonly number[] => Array.isArray(v), 'a list of numbers'),
  };
}
