import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { quantizeAttention } from '../../rewrite/quantize-attention.ts';
import type { InputRange } from '../../rewrite/quantize-layer.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { replaceNodes } from '../../rewrite/replace-nodes.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { relativeError } from '../calibrate/relative-error.ts';
import { outputNameOf, withOutputs } from '../calibrate/with-outputs.ts';

/** An attention whose products may be of int8 codes. It saves time, no bytes. */
export interface IntegerAttention {
  /** of its output */
  readonly name: string;
  readonly output: ValueId;
  /** multiply-adds of both products */
  readonly macs: number;
  /** squared error of its output over what varies of it between the samples, measured on them */
  readonly error: number;
  readonly rule: Rule;
}

/** All attentions of a graph in integers, each by itself, with the ranges that `samples` show. */
export function offerIntegerAttention(
  graph: Graph,
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): readonly IntegerAttention[] {
  const nodes = graph.nodes.flatMap(({ op, inputs: [q, k, v], outputs: [y] }) =>
    op === 'attention' && q !== undefined && k !== undefined && v !== undefined && y !== undefined
      ? [{ q, k, v, y }]
      : [],
  );
  if (nodes.length === 0 || samples.length === 0) return [];
  const operands = [...new Set(nodes.flatMap(({ q, k, v }) => [q, k, v]))].filter((id) => !graph.constants.has(id));
  const ranges = rangesOf(graph, operands, samples, makeRunner);
  return nodes.flatMap(({ q, k, v, y }): IntegerAttention[] => {
    const [ofQ, ofK, ofV] = [ranges.get(q), ranges.get(k), ranges.get(v)];
    if (!ofQ || !ofK || !ofV) return [];
    const rule = quantizeAttention({ q: ofQ, k: ofK, v: ofV });
    const exact = withOutputs(graph, [y]);
    const rounded = replaceNodes(exact, new Map([[y, rule]]));
    if (rounded.values.size === 0) return [];
    const [wanted, given] = [exact, rounded.graph].map((one) => {
      const runner = makeRunner(one);
      return samples.map((feeds) => runner.run(feeds));
    });
    const error = relativeError(wanted ?? [], given ?? []);
    return [{ name: graph.values.get(y)?.name ?? '', output: y, macs: macsOf(graph, q, k, y), error, rule }];
  });
}

function rangesOf(
  graph: Graph,
  ids: readonly ValueId[],
  samples: readonly Feeds[],
  makeRunner: MakeRunner,
): ReadonlyMap<ValueId, InputRange> {
  const runner = makeRunner(withOutputs(graph, ids));
  const ranges = new Map<ValueId, InputRange>();
  for (const feeds of samples) {
    const found = runner.run(feeds);
    for (const id of ids) {
      let { min, max } = ranges.get(id) ?? { min: 0, max: 0 };
      for (const value of found[outputNameOf(id)] ?? [])
        [min, max] = [Math.min(min, Number(value)), Math.max(max, Number(value))];
      ranges.set(id, { min, max });
    }
  }
  return ranges;
}

/** q [..., L, d], k [..., S, d], y [..., L, e]: L S (d + e) for each batch. */
function macsOf(graph: Graph, q: ValueId, k: ValueId, y: ValueId): number {
  const [ofQ, ofK, ofY] = [q, k, y].map((id) => graph.values.get(id)?.type.shape ?? []);
  if (!ofQ || !ofK || !ofY) return 0;
  const outputs = elementCount(ofY);
  return (outputs / sizeAt(ofY, -1)) * sizeAt(ofK, -2) * (sizeAt(ofQ, -1) + sizeAt(ofY, -1));
}
