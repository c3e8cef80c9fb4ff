import type { Graph, ValueId } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { quantizeAttention } from '../../rewrite/quantize-attention.ts';
import type { Rule } from '../../rewrite/rebuild.ts';
import { replaceNodes } from '../../rewrite/replace-nodes.ts';
import { elementCount, sizeAt } from '../../tensor/shape.ts';
import { relativeError } from '../calibrate/relative-error.ts';
import { measureSpreads } from '../calibrate/spread.ts';
import { withOutputs } from '../calibrate/with-outputs.ts';
import { wholeRange } from './channel-ranges.ts';

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
  const values = operands.map((id) => ({ id, axis: -1 }));
  const spreads = measureSpreads(graph, values, samples, makeRunner);
  return nodes.flatMap(({ q, k, v, y }): IntegerAttention[] => {
    const [ofQ, ofK, ofV] = [spreads.get(q), spreads.get(k), spreads.get(v)];
    if (!ofQ || !ofK || !ofV) return [];
    const rule = quantizeAttention({ q: wholeRange(ofQ), k: wholeRange(ofK), v: wholeRange(ofV) });
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

/** q [..., L, d], k [..., S, d], y [..., L, e]: L S (d + e) for each batch. */
function macsOf(graph: Graph, q: ValueId, k: ValueId, y: ValueId): number {
  const [ofQ, ofK, ofY] = [q, k, y].map((id) => graph.values.get(id)?.type.shape ?? []);
  if (!ofQ || !ofK || !ofY) return 0;
  const outputs = elementCount(ofY);
  return (outputs / sizeAt(ofY, -1)) * sizeAt(ofK, -2) * (sizeAt(ofQ, -1) + sizeAt(ofY, -1));
}
