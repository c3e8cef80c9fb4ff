import { beforeAll, describe, expect, test } from 'vitest';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { layerCollapse, measureCollapseOrder } from '../../../compiler/2-train/methods/layer-collapse.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { trainNetwork } from '../../../compiler/2-train/train-network.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import { evaluateGraph } from '../../../compiler/ir/evaluate.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { tensorOf } from '../../../compiler/tensor/convert.ts';
import { toyTask } from '../toy-task.ts';

beforeAll(useWasm);

/** An activation that stays between the first layers, and two blocks that collapse. */
const blocks = () =>
  models.residualMlp({ inputs: 2, width: 16, blocks: 2, hidden: 32, classes: 2, activation: 'relu' })(1);

const task = (changes: Parameters<typeof toyTask>[0] = {}) => toyTask({ graph: blocks(), epochs: 40, ...changes });

const opsOf = ({ nodes }: Graph): string[] => nodes.map(({ op }) => op);

const logits = (graph: Graph, x: number, y: number): number[] =>
  Array.from(
    evaluateGraph(graph, new Map([['image', tensorOf('float32', [1, 2], [x, y])]]), 'float64').get('logits')!.data,
    Number,
  );

const slopesOf = (status: Readonly<Record<string, number>>): number[] => Object.values(status);

describe('layer-collapse', () => {
  test('draws every slope to 1, and what it leaves computes the same as what was trained', async () => {
    const { graph, trained, history, notes } = await trainNetwork(task({ methods: [layerCollapse()] }));
    expect(slopesOf(history.at(-1)!.status)).toEqual([1, 1]);
    expect(notes).toEqual([]);
    expect(opsOf(graph).filter((op) => op === 'relu')).toHaveLength(1);
    for (const [x, y] of [
      [0.3, -0.7],
      [-1, 0.2],
      [0, 0],
    ] as const) {
      const [found, wanted] = [logits(graph, x, y), logits(trained, x, y)];
      found.forEach((v, i) => {
        expect(Math.abs(v - wanted[i]!)).toBeLessThan(1e-4 * Math.max(1, Math.abs(wanted[i]!)));
      });
    }
    // blocks of two linear layers fold into what follows
    expect(opsOf(optimise(graph).graph)).toEqual(['linear', 'relu', 'linear']);
  });

  test('the penalty inside the moments of Adam stalls: the control', async () => {
    const coupled = await trainNetwork(task({ methods: [layerCollapse({ coupled: 0.1 })], epochs: 10 }));
    const decoupled = await trainNetwork(task({ methods: [layerCollapse()], epochs: 10 }));
    for (const slope of slopesOf(coupled.history.at(-1)!.status)) expect(slope).toBeLessThan(0.9);
    for (const slope of slopesOf(decoupled.history.at(-1)!.status)) expect(slope).toBeGreaterThan(0.9);
  });

  test('refuses to collapse beyond the tolerance, and says so', async () => {
    const { graph, notes } = await trainNetwork(task({ methods: [layerCollapse({ strength: 0.001 })], epochs: 2 }));
    expect(notes).toHaveLength(2);
    expect(notes[0]).toMatch(/^block1\.act\.slope is -?0\.\d{3}, further than 0\.05 from 1: not collapsed\.$/);
    expect(opsOf(graph).filter((op) => op === 'relu')).toHaveLength(3);
  });

  test('takes the last blocks only, or one more with each stage', async () => {
    const last = await trainNetwork(task({ methods: [layerCollapse({ blocks: 1 })], epochs: 2 }));
    expect(Object.keys(last.history[0]!.status)).toEqual(['block2.act.slope']);
    const staged = await trainNetwork(task({ methods: [layerCollapse({ stage: 2, strength: 2 })], epochs: 2 }));
    const [last2, first2] = slopesOf(staged.history[1]!.status);
    expect(last2! - first2!).toBeGreaterThan(0.3);
  });

  test('starts as the network that came', async () => {
    const original = blocks();
    const { graph } = layerCollapse().prepare(original);
    expect(logits(graph, 0.4, 0.9)).toEqual(logits(original, 0.4, 0.9));
  });

  test('a network without such a place is refused', () => {
    const linear = models.mlp({ inputs: 2, hidden: [], classes: 2 })(1);
    expect(() => layerCollapse().prepare(linear)).toThrow(
      'LCC8003: The method layer-collapse has nothing to work on: the model has no activation between two layers (linear, conv).',
    );
  });

  test('collapses named blocks in the order of their names', async () => {
    const layers = ['block1.act', 'block2.act'];
    const { history } = await trainNetwork(
      task({ methods: [layerCollapse({ layers, stage: 2, strength: 2 })], epochs: 2 }),
    );
    const status = history[1]!.status;
    expect(Object.keys(status)).toEqual(['block1.act.slope', 'block2.act.slope']);
    expect(status['block1.act.slope']! - status['block2.act.slope']!).toBeGreaterThan(0.3);
  });

  test('the order by measured harm is that of the accuracy that each collapse alone leaves', async () => {
    const { graph } = await trainNetwork(task());
    const values = [0.4, 0.9];
    const seen: number[] = [];
    const order = await measureCollapseOrder(graph, async (collapsed) => {
      seen.push(opsOf(collapsed).filter((op) => op === 'relu').length);
      return values[seen.length - 1]!;
    });
    // one of three activations is gone each time, the last first
    expect(seen).toEqual([2, 2]);
    expect(order).toEqual([
      { layer: 'block1.act', value: 0.9 },
      { layer: 'block2.act', value: 0.4 },
    ]);
    expect((await measureCollapseOrder(graph, async () => values[seen.length++ % 2]!, false))[0]!.value).toBe(0.4);
  });

  test.each([
    [{ strength: -1 }, 'LCC8007: The options of the method layer-collapse do not fit: strength is -1.'],
    [{ blocks: 0 }, 'LCC8007: The options of the method layer-collapse do not fit: blocks is 0.'],
    [
      { layers: ['nowhere'] },
      'LCC8007: The options of the method layer-collapse do not fit: there is no activation "nowhere".',
    ],
  ])('%j is refused', (options, message) => {
    expect(() => layerCollapse(options).prepare(blocks())).toThrow(message);
  });
});
