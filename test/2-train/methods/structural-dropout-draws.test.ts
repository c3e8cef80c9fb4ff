import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { execute } from '../../../compiler/2-train/engine/execute.ts';
import { natural } from '../../../compiler/2-train/engine/held.ts';
import { useWasm } from '../../../compiler/2-train/engine/wasm-backend.ts';
import { findHiddenGroups } from '../../../compiler/2-train/hidden-groups.ts';
import type { Method } from '../../../compiler/2-train/methods/method.ts';
import {
  type StructuralDropoutOptions,
  structuralDropout,
} from '../../../compiler/2-train/methods/structural-dropout.ts';
import { models } from '../../../compiler/2-train/models/index.ts';
import { Parameters } from '../../../compiler/2-train/parameters.ts';
import { makeRandom } from '../../../compiler/2-train/random.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import { cutPrefixes } from '../../../compiler/rewrite/cut-prefix.ts';
import { answersOf, expectSame, feedsFor } from './answers.ts';
import { hiddenUnitGraphs } from './hidden-unit-graphs.ts';

beforeAll(async () => {
  await useWasm();
});

const network = (hidden: readonly number[], batchNorm = false): Graph =>
  models.mlp({ inputs: 2, hidden, classes: 2, batchNorm })(3);

describe('what is drawn', () => {
  const draw = (graph: Graph, method: Method, seed: number) => {
    const { graph: masked, roles, begin, draw: drawAll } = method.prepare(graph);
    const parameters = new Parameters(masked, roles);
    begin?.(parameters, 0, 1);
    drawAll?.(parameters, makeRandom(seed));
    const masks = new Map(
      [...parameters.tensors].flatMap(([id, tensor]) => {
        const name = masked.values.get(id)?.name ?? '';
        return name.includes('.prefix') ? [[name, Array.from(tensor.dataSync())] as const] : [];
      }),
    );
    const answers = tf.tidy(() => {
      const feeds = Object.fromEntries(
        feedsFor(masked, 5).map(([name, sizes, values]) => [name, tf.tensor(values, [1, ...sizes])]),
      );
      const values = execute(masked, feeds, parameters.tensors, { isTraining: false });
      return masked.outputs.flatMap(({ value }) => Array.from(natural(values.get(value)!).dataSync()));
    });
    parameters.dispose();
    return { masks, answers };
  };

  test.each(hiddenUnitGraphs)('is what a cut leaves: %s', (_, graph) => {
    for (const [seed, scale] of [
      [1, 'none'],
      [2, 'none'],
      [3, 'inverse'],
    ] as const) {
      const { masks, answers } = draw(graph, structuralDropout({ scale, lowerBound: 4 }), seed);
      const prefixes = findHiddenGroups(graph).map(({ name, group }) => {
        const [mask] = [...masks]
          .flatMap(([own, values]) => (own.startsWith(`${name}.prefix`) ? [values] : []))
          .sort((a, b) => b.length - a.length) as [number[]];
        const width = (mask.filter((m) => m > 0).length / mask.length) * group.width;
        const factor = Math.max(...mask);
        expect(factor).toBeCloseTo(scale === 'inverse' ? group.width / width : 1, 6);
        expect(width).toBeLessThan(group.width);
        expect(width).toBeGreaterThanOrEqual(4);
        return { group, width, scale: factor };
      });
      expect(prefixes.length).toBeGreaterThan(0);
      expectSame(answers, answersOf(cutPrefixes(graph, prefixes), 5));
    }
  });

  /** Units that 300 draws in a row leave of the last hidden layer, 24 wide. */
  const widthsDrawn = (options: StructuralDropoutOptions): number[] => {
    const { graph, roles, begin, draw: drawAll } = structuralDropout(options).prepare(network([32, 24]));
    const parameters = new Parameters(graph, roles);
    const random = makeRandom(1);
    const [id] = [...graph.constants.keys()].filter((key) => graph.values.get(key)!.name === 'fc2.prefix');
    begin?.(parameters, 0, 1);
    const widths = Array.from({ length: 300 }, () => {
      drawAll?.(parameters, random);
      return Array.from(parameters.tensors.get(id!)!.dataSync()).filter((m) => m > 0).length;
    });
    parameters.dispose();
    return widths;
  };
  const sorted = (widths: readonly number[]) => [...new Set(widths)].sort((a, b) => a - b);
  test('widths are lowest, lowest + step, ... below all', () => {
    expect(sorted(widthsDrawn({ lowerBound: 6, step: 5 }))).toEqual([6, 11, 16, 21]);
    expect(sorted(widthsDrawn({}))).toEqual(Array.from({ length: 20 }, (_, i) => 4 + i));
  });
  test('all units stay in the share of steps that probability leaves', () => {
    const whole = (probability: number) => widthsDrawn({ probability }).filter((width) => width === 24).length / 300;
    expect(whole(0.25)).toBeGreaterThan(0.65);
    expect(whole(0.25)).toBeLessThan(0.85);
    expect(whole(1)).toBe(0);
  });
});

describe('layers that are cut', () => {
  const names = (graph: Graph, layers?: readonly string[]) =>
    findHiddenGroups(graph, layers).map(({ name, group }) => `${name} ${group.width}`);
  test('are hidden ones, not residual streams', () => {
    const residual = models.residualMlp({ inputs: 4, width: 6, blocks: 2, hidden: 8, classes: 3 })(1);
    expect(names(residual)).toEqual(['block1.fc1 8', 'block2.fc1 8']);
    expect(names(residual, ['stem', 'block2.fc1'])).toEqual(['stem 6', 'block2.fc1 8']);
    expect(names(models.resNet({ inputs: [1, 8, 8], channels: [4, 6], blocks: 2, classes: 3 })(1))).toEqual([
      'stage1.block1.conv1 4',
      'stage1.block2.conv1 4',
      'stage2.block1.conv1 6',
      'stage2.block2.conv1 6',
    ]);
    expect(names(models.vit({ inputs: [1, 8, 8], patch: 4, width: 8, heads: 2, depth: 2, hidden: 20 })(1))).toEqual([
      'block1.mlp.fc1 20',
      'block2.mlp.fc1 20',
    ]);
  });
  test('are those that are named', () => {
    const { graph } = structuralDropout({ layers: ['fc2'] }).prepare(network([16, 12]));
    expect([...graph.values.values()].map(({ name }) => name).filter((name) => name.endsWith('.prefix'))).toEqual([
      'fc2.prefix',
    ]);
  });
});
