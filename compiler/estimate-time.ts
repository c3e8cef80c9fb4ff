import { wasmRate } from './5-emit/generate-code.ts';
import type { Program, Step } from './ir/program.ts';
import type { Axis } from './kernel/index-expr.ts';
import type { ContractionKernel } from './kernel/nest.ts';
import { integerProductTime, integerTimeOver } from './kernel/quantization.ts';

/** Columns that one vector holds: fewer take as long. */
const lanes = 4;
/** What comes before and after a sum costs as much as this many multiply-adds. */
const outputCost = 2;
/** Bringing an element to integers, in multiply-adds. */
const codeCost = 0.3;

/**
 * Estimated milliseconds of a run on wasm, by the multiply-adds of contractions, integer ones as they were measured
 * against float32 ones, narrow and short ones with what they waste; other kernels count nothing.
 */
export function estimateMilliseconds({ kernels, steps }: Pick<Program, 'kernels' | 'steps'>): number {
  const workOf = (list: readonly Step[]): number =>
    list.reduce((sum, step) => {
      if (step.kind === 'repeat') return sum + step.count * workOf(step.steps);
      const kernel = kernels[step.kernel];
      return kernel?.kind === 'contraction' ? sum + contractionWork(kernel) : sum;
    }, 0);
  return (workOf(steps) / wasmRate) * 1000;
}

/** In float32 multiply-adds. */
function contractionWork({ batch, m, n, k, b, form }: ContractionKernel): number {
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

const pointsOf = (axes: readonly Axis[]): number => axes.reduce((points, { extent }) => points * extent.size, 1);
