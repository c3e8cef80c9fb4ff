import { binary, cast, constant, div, type Expr, like, maximum, mul, select, unary } from '../kernel/expr.ts';
import { makeAxis } from '../kernel/index-expr.ts';
import type { BinaryOp, UnaryOp } from '../kernel/scalar.ts';
import { type DType, isFloat } from '../tensor/dtype.ts';
import { broadcastShapes, dim, printShape } from '../tensor/shape.ts';
import { tensorType } from '../tensor/tensor.ts';
import { type AttributeReader, defineOp, type Op, OpError, type Tolerance } from './op.ts';

/** One row per element-wise op: operand types, result type, value. All broadcast (ONNX Broadcasting). */
interface Row<A> {
  readonly arity: number;
  readonly tolerance?: Tolerance;
  readonly parse?: (attributes: AttributeReader) => A;
  /** Types accepted for each operand; default: any, all equal. */
  readonly accept?: (operands: readonly DType[]) => boolean;
  /** Result type; default: that of the first operand. */
  readonly result?: (operands: readonly DType[]) => DType;
  readonly value: (operands: readonly Expr[], attributes: A) => Expr;
}
