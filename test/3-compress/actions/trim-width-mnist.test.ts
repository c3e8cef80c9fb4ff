import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ingestOnnx } from '../../../compiler/1-ingest/onnx/ingest.ts';
import { trimWidth } from '../../../compiler/3-compress/actions/trim-width.ts';
import { optimise } from '../../../compiler/3-compress/pipeline.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { Feeds } from '../../../compiler/ir/trial.ts';
import { makeRunner } from '../../../compiler/trial/make-runner.ts';
import { referenceModel } from '../../harness/reference-models.ts';
import { sharedFolder } from '../../harness/shared.ts';
import { levelLabelled, levelsOf, take } from './cut-case.ts';

const model = referenceModel('burn-mnist');
const folder = join(sharedFolder() ?? '', 'data/mnist');
const pixels = 28 * 28;

/** The first images of an IDX file, as the model was trained on them. */
function readImages(name: string, count: number): Feeds[] {
  const bytes = gunzipSync(readFileSync(join(folder, `${name}-images-idx3-ubyte.gz`))).subarray(16);
  return Array.from({ length: count }, (_, i) => ({
    'input.1': Float32Array.from(bytes.subarray(i * pixels, (i + 1) * pixels), (p) => (p / 255 - 0.1307) / 0.3081),
  }));
}

const readLabels = (name: string): Uint8Array =>
  gunzipSync(readFileSync(join(folder, `${name}-labels-idx1-ubyte.gz`))).subarray(8);

/** Outputs of one graph against another's: relative L2 error, and how many of each find the label. */
function compare(before: Graph, after: Graph, images: readonly Feeds[], labels: Uint8Array) {
  const [first, second] = [makeRunner(before), makeRunner(after)];
  let [difference, size] = [0, 0];
  const right = [0, 0];
  images.forEach((feeds, i) => {
    const outputs = [first, second].map((runner) => Array.from(runner.run(feeds)['33']!, Number));
    outputs[0]!.forEach((v, j) => {
      difference += (v - outputs[1]![j]!) ** 2;
      size += v ** 2;
    });
    outputs.forEach((y, g) => {
      if (y.indexOf(Math.max(...y)) === labels[i]) right[g]!++;
    });
  });
  return { error: Math.sqrt(difference / size), right };
}

describe.skipIf(!model)('burn-mnist on MNIST', () => {
  test('half of the last convolution, and of every layer', { timeout: 60_000 }, () => {
    const { graph } = optimise(ingestOnnx({ bytes: model!.bytes, file: model!.file }).graph);
    const found = levelsOf(graph, trimWidth, readImages('train', 500));
    expect(found.map(({ levels }) => levels[0]!.label)).toEqual(['7 of 8', '12 of 16', '20 of 24', '28 of 32']);
    const images = readImages('t10k', 500);
    const answers = readLabels('t10k');
    const kept = (...labels: readonly string[]) => {
      const chosen = found.flatMap((f) => {
        const level = f.levels.find((l) => labels.includes(l.label));
        return level ? [[f.candidate, level] as const] : [];
      });
      return compare(graph, take(graph, ...chosen), images, answers);
    };
    const fc1 = found[2]!;
    expect(fc1.candidate.parameters).toBe(24 * 16 * 9 + 32 * 24 * 484);
    const half = levelLabelled(fc1, '12 of 24');
    expect(half.parameters).toBe(fc1.candidate.parameters / 2);
    expect(half.error).toBeGreaterThan(0.1);
    expect(half.error).toBeLessThan(0.3);

    // of 500 images the model as it is gets 495 right
    const some = kept('20 of 24');
    expect(some.error).toBeLessThan(0.05);
    expect(some.right).toEqual([495, 495]);
    const most = kept('12 of 24');
    expect(most.error).toBeLessThan(0.35);
    expect(most.right[1]).toBeGreaterThan(480);
    const everywhere = kept('6 of 8', '12 of 16', '20 of 24', '24 of 32');
    expect(everywhere.error).toBeLessThan(0.25);
    expect(everywhere.right[1]).toBeGreaterThan(488);
  });
});
