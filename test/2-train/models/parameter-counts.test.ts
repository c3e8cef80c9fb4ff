import { describe, expect, it } from 'vitest';
import { type MakeModel, models } from '../../../compiler/2-train/models/index.ts';

/** Elements of all float32 constants without the statistics of norms. */
function countParameters(make: MakeModel): number {
  const { constants, values } = make(1);
  return [...constants]
    .filter(([id, { dtype }]) => dtype === 'float32' && !/\.(mean|variance)$/.test(values.get(id)!.name))
    .reduce((sum, [, { data }]) => sum + data.length, 0);
}

const linear = (k: number, n: number): number => n * k + n;

describe('parameters', () => {
  it('of mlp', () => {
    expect(countParameters(models.mlp())).toBe(linear(784, 256) + linear(256, 256) + linear(256, 10));
    const layer = (k: number, n: number): number => k * n + 2 * n;
    expect(countParameters(models.mlp({ inputs: 20, hidden: [7, 5], classes: 3, batchNorm: true }))).toBe(
      layer(20, 7) + layer(7, 5) + linear(5, 3),
    );
  });

  it('of residualMlp: 628,622, as measured in the plan of reproduction of LayerCollapse', () => {
    expect(countParameters(models.residualMlp())).toBe(628_622);
    expect(countParameters(models.residualMlp())).toBe(
      linear(784, 128) + 4 * (linear(128, 512) + 1 + linear(512, 128)) + linear(128, 10),
    );
    expect(countParameters(models.residualMlp({ activation: 'leakyRelu' }))).toBe(628_618);
  });

  it('of cnn', () => {
    const convs = 32 * 9 + 32 + 64 * 32 * 9 + 64;
    expect(countParameters(models.cnn())).toBe(convs + linear(7 * 7 * 64, 128) + linear(128, 10));
    expect(countParameters(models.cnn({ batchNorm: true }))).toBe(
      convs + 32 + 64 + linear(7 * 7 * 64, 128) + linear(128, 10),
    );
  });

  it('of resNet: 20 layers and two projections', () => {
    const conv = (c: number, m: number, k = 3): number => m * c * k * k + 2 * m;
    const stage = (c: number, m: number): number => conv(c, m) + 5 * conv(m, m);
    const projections = conv(16, 32, 1) + conv(32, 64, 1);
    const resNet20 = conv(3, 16) + 6 * conv(16, 16) + stage(16, 32) + stage(32, 64) + linear(64, 10);
    // 0.27 M by table 6 of He et al. 2015, whose shortcuts have no parameters
    expect(resNet20).toBe(269_722);
    expect(countParameters(models.resNet())).toBe(resNet20 + projections);
  });

  const norm = (width: number): number => 2 * width;
  const block = (w: number, hidden: number): number =>
    4 * linear(w, w) + 2 * norm(w) + linear(w, hidden) + linear(hidden, w);

  it('of vit and mixer', () => {
    const patches = linear(3 * 4 * 4, 64);
    expect(countParameters(models.vit())).toBe(patches + 64 * 64 + 4 * block(64, 128) + norm(64) + linear(64, 10));
    const mixing = 2 * norm(64) + linear(64, 32) + linear(32, 64) + linear(64, 128) + linear(128, 64);
    expect(countParameters(models.mixer())).toBe(patches + 4 * mixing + norm(64) + linear(64, 10));
  });

  it('of meanEmbedding', () => {
    const text = { vocabulary: 1000, length: 40, classes: 4 };
    expect(countParameters(models.meanEmbedding(text))).toBe(64_000 + linear(64, 4));
    expect(countParameters(models.meanEmbedding({ ...text, blocks: 2 }))).toBe(
      64_000 + 2 * (linear(64, 256) + 1 + linear(256, 64)) + linear(64, 4),
    );
  });

  it('of bert and gpt', () => {
    const text = { vocabulary: 1000, length: 40 };
    const embedded = 64 * 1000 + 64 * 40;
    const post = embedded + norm(64) + 2 * block(64, 256) + linear(64, 4);
    expect(countParameters(models.bert({ ...text, classes: 4 }))).toBe(post);
    expect(countParameters(models.bert({ ...text, classes: 4, norm: 'pre', pooling: 'first' }))).toBe(
      post + norm(64) + linear(64, 64),
    );
    const tied = embedded + 4 * block(64, 256) + norm(64);
    expect(countParameters(models.gpt(text))).toBe(tied);
    expect(countParameters(models.gpt({ ...text, tied: false }))).toBe(tied + 64 * 1000);
  });
});
