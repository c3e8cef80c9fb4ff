import { describe, expect, test } from 'vitest';
import { offerIntegerAttention } from '../../../compiler/3-compress/actions/integer-attention.ts';
import { lower } from '../../../compiler/4-lower/lower.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { replaceNodes } from '../../../compiler/rewrite/replace-nodes.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { makeRandom } from '../../harness/random.ts';
import { graphOf } from '../pass-case.ts';

const random = makeRandom(4);
/** Two attentions, the second on what the first gives. */
const graph = graphOf((g) => {
  const x = g.input([2, 20, 8]);
  const y = g.add('attention', [x, x, x], { scale: 0.35 });
  return g.add('attention', [y, x, y], { scale: 0.35 });
});
const samples: Feeds[] = Array.from({ length: 6 }, () => ({ x0: Float32Array.from(random.reals(320, -2, 2)) }));

test('each attention is offered with its error as measured, and the work of both products', () => {
  const offered = offerIntegerAttention(graph, samples, makeRunner);
  expect(offered.map(({ macs }) => macs)).toEqual([2 * 20 * 20 * 16, 2 * 20 * 20 * 16]);
  for (const { error } of offered) {
    expect(error).toBeGreaterThan(0);
    expect(error).toBeLessThan(0.01 ** 2 * 10);
  }
});

test('its rule computes the attention in integers, and leaves the other one', () => {
  const [first] = offerIntegerAttention(graph, samples, makeRunner);
  const { graph: after } = replaceNodes(graph, new Map([[first!.output, first!.rule]]));
  expect(after.nodes.filter(({ op }) => op === 'attention')).toHaveLength(1);
  const kinds = lower(after).kernels.flatMap((k) => (k.kind === 'contraction' ? [k.b.kind] : []));
  expect(kinds.filter((kind) => kind === 'live8')).toHaveLength(2);
});

describe('nothing is offered', () => {
  test('without samples or attentions', () => {
    expect(offerIntegerAttention(graph, [], makeRunner)).toEqual([]);
    const none = graphOf((g) => g.add('relu', [g.input([4])]));
    expect(offerIntegerAttention(none, [{ x0: new Float32Array(4) }], makeRunner)).toEqual([]);
  });

  test('for sums that float32 could not hold', () => {
    const long = graphOf((g) => {
      const x = g.input([1100, 4]);
      return g.add('attention', [g.input([1, 4]), x, x], { scale: 1 });
    });
    const feeds = { x0: new Float32Array(4400).fill(1), x1: new Float32Array(4).fill(1) };
    expect(offerIntegerAttention(long, [feeds], makeRunner)).toEqual([]);
  });
});
