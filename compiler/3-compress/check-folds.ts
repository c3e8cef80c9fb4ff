import { bug } from '../diagnostics/index.ts';
import type { Graph, ValueId } from '../ir/graph.ts';
import type { Feeds, MakeRunner } from '../ir/trial.ts';
import { ops } from '../ops/index.ts';

/** Of the L2 norm of an output: far above rounding, far below what a wrong fold does. */
const mostRelative = 1e-2;
/** On the mean over elements, for outputs that are 0. */
const mostAbsolute = 1e-6;

/**
 * Proves that the exact passes kept the outputs, on these inputs. Outputs behind an op that jumps (comparisons, argmax,
 * casts to integers) are left out: rounding alone may move them.
 * @throws LccError LCC9001 naming the output and the input
 */
export function checkFolds(before: Graph, after: Graph, inputs: readonly Feeds[], makeRunner: MakeRunner): void {
  const names = smoothOutputs(before);
  if (names.length === 0 || inputs.length === 0) return;
  const [wanted, given] = [makeRunner(before), makeRunner(after)];
  inputs.forEach((feeds, sample) => {
    const [expected, found] = [wanted.run(feeds), given.run(feeds)];
    for (const name of names) {
      const [y, z] = [Float64Array.from(expected[name] ?? [], Number), Float64Array.from(found[name] ?? [], Number)];
      // what overflows is compared nowhere: folds may overflow sooner or later
      if (!y.every(Number.isFinite)) continue;
      const distance = normOf(y.map((v, i) => v - (z[i] ?? Number.NaN)));
      if (distance <= mostRelative * normOf(y) + mostAbsolute * Math.sqrt(y.length)) continue;
      const share = (100 * distance) / normOf(y);
      throw bug(`the exact passes changed output "${name}" by ${share.toPrecision(3)} % on input ${sample}`);
    }
  });
}

const normOf = (values: Float64Array): number => Math.sqrt(values.reduce((sum, v) => sum + v * v, 0));

/** Names of the float32 and float64 outputs that move a little when something before them does. */
function smoothOutputs(graph: Graph): string[] {
  const jumps = new Set<ValueId>();
  for (const { op, inputs, outputs } of graph.nodes) {
    const isJump = ops[op].tolerance === 'discontinuous' || inputs.some((id) => jumps.has(id));
    if (isJump) for (const id of outputs) jumps.add(id);
  }
  return graph.outputs.flatMap(({ name, value }) => {
    const dtype = graph.values.get(value)?.type.dtype;
    return !jumps.has(value) && (dtype === 'float32' || dtype === 'float64') ? [name] : [];
  });
}
