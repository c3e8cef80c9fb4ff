import { wasmRate } from './5-emit/generate-code.ts';
import type { Program, Step } from './ir/program.ts';
import type { Expr } from './kernel/expr.ts';
import type { Axis } from './kernel/index-expr.ts';
import type { ContractionKernel, Stmt } from './kernel/nest.ts';
import { integerProductTime, integerTimeOver } from './kernel/quantization.ts';
import { childrenOf } from './kernel/traverse.ts';

/** Columns that one vector holds: fewer take as long. */
const lanes = 4;
/** What comes before and after a sum costs as much as this many multiply-adds. */
const outputCost = 2;
/** Bringing an element to integers, in multiply-adds. */
const codeCost = 0.3;

/**
 * Estimated milliseconds of a run on wasm, by the multiply-adds of contractions, integer ones as they were measured
 * against float32 ones, narrow and short ones with what they waste, and by the operations of all other loops.
 */
export function estimateMilliseconds({ kernels, steps }: Pick<Program, 'kernels' | 'steps'>): number {
  const workOf = (list: readonly Step[]): number =>
    list.reduce((sum, step) => {
      if (step.kind === 'repeat') return sum + step.count * workOf(step.steps);
      const kernel = kernels[step.kernel];
      if (!kernel) return sum;
      return sum + (kernel.kind === 'contraction' ? contractionWork(kernel) : nestWork(kernel.body));
    }, 0);
  return (workOf(steps) / wasmRate) * 1000;
}

/** In float32 multiply-adds. */
const contractionWork = (kernel: ContractionKernel): number =>
  sumWork(kernel) + pointsOf([...kernel.batch, ...kernel.m, kernel.n]) * exprWork(kernel.epilogue);

function sumWork({ batch, m, n, k, b, form }: ContractionKernel): number {
  const rows = pointsOf([...batch, ...m]);
  const columns = lanes * Math.ceil(n.extent.size / lanes);
  const inputs = pointsOf(k);
  const outputs = rows * columns;
  switch (b.kind) {
    case 'packed8':
      return outputs * inputs * integerTimeOver(inputs) + codeCost * rows * inputs;
    case 'live8':
      return outputs * inputs * integerProductTime;
    case 'packed':
    case 'live':
      return outputs * (inputs + (form === 'channelwise' ? 0 : outputCost));
    default:
      return b satisfies never;
  }
}

function nestWork(body: readonly Stmt[]): number {
  return body.reduce((sum, stmt) => {
    switch (stmt.kind) {
      case 'loop':
        return sum + stmt.axis.extent.size * nestWork(stmt.body);
      case 'reduce':
        return sum + pointsOf(stmt.axes) * stmt.folds.reduce((all, fold) => all + exprWork(fold.body), 0);
      case 'let':
      case 'store':
        return sum + exprWork(stmt.value);
      default:
        return stmt satisfies never;
    }
  }, 0);
}

/** What one operation on a number costs, and an exponential, a root or the like, in multiply-adds. */
const costs = { simple: 0.5, hard: 8 };
const hard: ReadonlySet<string> = new Set(['exp', 'log', 'sin', 'cos', 'tan', 'tanh', 'erf', 'pow', 'sqrt', 'div']);

function exprWork(e: Expr): number {
  const own = (e.kind === 'unary' || e.kind === 'binary') && hard.has(e.op) ? costs.hard : costs.simple;
  const parts = childrenOf(e).reduce((sum, child) => sum + exprWork(child), 0);
  return e.kind === 'reduce' ? own + pointsOf(e.axes) * parts : own + parts;
}

const pointsOf = (axes: readonly Axis[]): number => axes.reduce((points, { extent }) => points * extent.size, 1);
