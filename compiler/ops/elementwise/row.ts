import type { Expr } from '../../kernel/expr.ts';
import type { DType } from '../../tensor/dtype.ts';
import { broadcastShapes } from '../../tensor/shape.ts';
import { printType, type TensorType, tensorType } from '../../tensor/tensor.ts';
import { broadcastIndex } from '../broadcast.ts';
import { given } from '../given.ts';
import { type AttributeReader, defineOp, type Op, OpError, type Tolerance } from '../op.ts';
import { type Family, requireFamily, requireSameDType } from '../requirements.ts';

/** What one element-wise op is. All operands broadcast (ONNX Broadcasting, multidirectional). */
interface Row<A> {
  readonly tolerance?: Tolerance;
  /** Family of each operand, or one element type. Operands that are not 'free' share one element type. */
  readonly operands: readonly (Family | 'any' | 'bool' | 'free')[];
  /** Result type; default: that of the first operand. */
  readonly result?: (operands: readonly DType[], attributes: A) => DType;
  /** Refuses combinations that `operands` cannot express. */
  readonly check?: (operands: readonly DType[], attributes: A) => void;
  readonly parse: (attributes: AttributeReader) => A;
  readonly value: (operands: readonly Expr[], attributes: A) => Expr;
}

/** An op still without its name, which is its key in the table. */
export type NamedOp = (name: string) => Op;

/** The ops of a table of rows, under the table's keys. */
export function nameOps<K extends string>(rows: Record<K, NamedOp>): Record<K, Op> {
  const entries = Object.entries<NamedOp>(rows).map(([name, row]) => [name, row(name)]);
  return Object.fromEntries(entries);
}

export const elementwise =
  <A>(row: Row<A>): NamedOp =>
  (name) =>
    defineOp(name, {
      class: 'elementwise',
      tolerance: row.tolerance ?? 'rounding',
      inputs: ['operands...'],
      parse: row.parse,
      infer(types, attributes) {
        if (types.length !== row.operands.length) {
          throw new OpError(`${name} takes ${row.operands.length} inputs, not ${types.length}`);
        }
        checkOperands(name, row.operands, types);
        const operands = types.map((t) => t.dtype);
        row.check?.(operands, attributes);
        const shape = broadcastShapes(...types.map((t) => t.shape));
        if (shape === undefined) throw new OpError(`${name}: ${types.map(printType).join(' and ')} do not broadcast`);
        const [first = 'float32'] = operands;
        return tensorType(row.result?.(operands, attributes) ?? first, shape);
      },
      meaning: (operands, axes, attributes) =>
        row.value(
          operands.map((x) => x.at(broadcastIndex(x.sizes, axes))),
          attributes,
        ),
    });

function checkOperands(name: string, expected: Row<never>['operands'], types: readonly TensorType[]): void {
  const bound: TensorType[] = [];
  types.forEach((type, i) => {
    const family = expected[i];
    if (family === undefined || family === 'free') return;
    if (family === 'bool') {
      if (type.dtype !== 'bool') throw new OpError(`${name}: operand ${i} must be bool, not ${printType(type)}`);
      if (expected.some((e) => e !== 'bool')) return;
    } else if (family !== 'any') requireFamily(name, `operand ${i}`, type, family);
    bound.push(type);
  });
  requireSameDType(name, bound);
}

const none = (): undefined => undefined;

/** Rows without attributes. */
export const unaryOf = (family: Family, value: (x: Expr) => Expr, tolerance: Tolerance = 'rounding'): NamedOp =>
  elementwise({ operands: [family], tolerance, parse: none, value: ([x]) => value(given(x)) });

export const binaryOf = (family: Family | 'any' | 'bool', value: (a: Expr, b: Expr) => Expr): NamedOp =>
  elementwise({ operands: [family, family], parse: none, value: ([a, b]) => value(given(a), given(b)) });

export const comparisonOf = (family: Family | 'any', value: (a: Expr, b: Expr) => Expr): NamedOp =>
  elementwise({
    operands: [family, family],
    tolerance: 'discontinuous',
    result: () => 'bool',
    parse: none,
    value: ([a, b]) => value(given(a), given(b)),
  });

/** A unary float op with attributes. */
export const parametric = <A>(
  parse: (attributes: AttributeReader) => A,
  value: (x: Expr, attributes: A) => Expr,
  tolerance: Tolerance = 'rounding',
): NamedOp => elementwise({ operands: ['float'], tolerance, parse, value: ([x], a) => value(given(x), a) });
