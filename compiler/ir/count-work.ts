import type { Expr } from '../kernel/expr.ts';
import type { Axis } from '../kernel/index-expr.ts';
import type { ContractionKernel, Kernel, Stmt } from '../kernel/nest.ts';
import { childrenOf } from '../kernel/traverse.ts';
import type { Program, Step } from './program.ts';

/** What one run does, on whatever device: times are estimated from it and a device's rates. */
export interface Work {
  /** float32 multiply-adds of contractions, those that fill up vectors counted too */
  readonly float: number;
  /** int8 multiply-adds of contractions, the same way */
  readonly integer: number;
  /** everything else: epilogues, quantising, loops over elements; in float32 multiply-adds that take as long */
  readonly other: number;
  /** of constants, inputs, outputs and scratch: what a run reads or writes at least once */
  readonly bytes: number;
  /** kernel calls */
  readonly dispatches: number;
}

/** Columns that one vector holds: fewer take as long. */
const lanes = 4;
/** What comes before and after a sum costs as much as this many multiply-adds. */
const outputCost = { float: 2, integer: 4 };
/** What a run takes beside its kernels, as many multiply-adds: the call, and results as fresh arrays. */
const runCost = 20_000;
/** Bringing an element to an integer, in multiply-adds. */
const codeCost = 0.3;

export function countWork({ kernels, steps, constants, arenaBytes }: Program): Work {
  const costs = kernels.map(kernelWork);
  const total = { float: 0, integer: 0, other: runCost, dispatches: 0 };
  const visit = (list: readonly Step[], times: number): void => {
    for (const step of list) {
      if (step.kind === 'repeat') {
        visit(step.steps, times * step.count);
        continue;
      }
      const { float = 0, integer = 0, other = 0 } = costs[step.kernel] ?? {};
      total.float += times * float;
      total.integer += times * integer;
      total.other += times * other;
      total.dispatches += times;
    }
  };
  visit(steps, 1);
  return { ...total, bytes: constants.size + arenaBytes };
}

type KernelWork = Pick<Work, 'float' | 'integer' | 'other'>;

const kernelWork = (kernel: Kernel): KernelWork =>
  kernel.kind === 'contraction' ? contractionWork(kernel) : { float: 0, integer: 0, other: nestWork(kernel.body) };

function contractionWork({ batch, m, n, k, b, form, epilogue }: ContractionKernel): KernelWork {
  const rows = pointsOf([...batch, ...m]);
  const inputs = pointsOf(k);
  const outputs = rows * lanes * Math.ceil(n.extent.size / lanes);
  const ends = rows * n.extent.size * exprWork(epilogue);
  switch (b.kind) {
    case 'packed':
    case 'live':
      return {
        float: outputs * inputs,
        integer: 0,
        other: ends + (form === 'channelwise' ? 0 : outputs * outputCost.float),
      };
    case 'packed8':
    case 'live8': {
      const coded = rows * inputs + (b.kind === 'live8' ? pointsOf(batch) * n.extent.size * inputs : 0);
      return { float: 0, integer: outputs * inputs, other: ends + outputs * outputCost.integer + coded * codeCost };
    }
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
