import type { Expr } from './expr.ts';
import type { Axis } from './index-expr.ts';

/** What one output of an op is: its element at `axes` (one per dimension, in order). Row-major, layout-free, pure. */
export interface Meaning {
  readonly axes: readonly Axis[];
  readonly value: Expr;
}
