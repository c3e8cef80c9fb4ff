import { describe, expect, it } from 'vitest';
import { type MakeModel, models } from '../../../compiler/2-train/models/index.ts';

/** Root of the mean square, and the largest size, of one constant. */
function spreadOf(make: MakeModel, name: string): { deviation: number; largest: number } {
  const graph = make(3);
  const [id] = [...graph.values.values()].filter((value) => value.name === name).map((value) => value.id);
  const values = Array.from(graph.constants.get(id!)!.data, Number);
  return {
    deviation: Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / values.length),
    largest: values.reduce((largest, v) => Math.max(largest, Math.abs(v)), 0),
  };
}

const text = { vocabulary: 200, length: 20 };
const bert = models.bert({ ...text, classes: 2, pooling: 'first' });
const gpt = models.gpt({ ...text, depth: 3 });
/** deviation of a normal number cut at 2 */
const cut = 0.8796;

describe('weights start as their papers have it', () => {
  // each weight has at least 2,000 elements: 8 % are 5 standard errors
  it.each<[string, MakeModel, string, number]>([
    ['He, relu', models.mlp(), 'fc1.weight', Math.sqrt(2 / 784)],
    [
      'He, slope 1: a linear layer',
      models.mlp({ activation: 'leakyRelu', slope: 1 }),
      'fc1.weight',
      Math.sqrt(1 / 784),
    ],
    ['LeCun, tanh', models.mlp({ activation: 'tanh' }), 'fc1.weight', Math.sqrt(1 / 784)],
    ['Glorot, the head', models.mlp({ classes: 100 }), 'head.weight', Math.sqrt(2 / 356)],
    ['He, convolution', models.cnn(), 'conv2.weight', Math.sqrt(2 / (32 * 9))],
    ['He, ResNet', models.resNet(), 'stage2.block1.conv1.weight', Math.sqrt(2 / (16 * 9))],
    ['residual branches', models.residualMlp({ blocks: 9 }), 'block5.fc2.weight', Math.sqrt(1 / 512) / 3],
    ['LeCun, patches', models.vit(), 'patches.weight', Math.sqrt(1 / 48)],
    ['Glorot, vit', models.vit(), 'block2.attention.query.weight', Math.sqrt(1 / 64)],
    ['positions, vit', models.vit(), 'positions.weight', 0.02],
    ['LeCun, mixer', models.mixer(), 'block3.channels.fc1.weight', Math.sqrt(1 / 64)],
    ['fastText', models.meanEmbedding({ ...text, classes: 2 }), 'embedding.weight', 1 / 64 / Math.sqrt(3)],
    ['BERT, table', bert, 'embedding.weight', 0.02 * cut],
    ['BERT, pooler', bert, 'pool.weight', 0.02 * cut],
    ['BERT, block', bert, 'block1.mlp.fc2.weight', 0.02 * cut],
    ['GPT-2, table', gpt, 'embedding.weight', 0.02],
    ['GPT-2, block', gpt, 'block1.mlp.fc1.weight', 0.02],
    ['GPT-2, end of a branch', gpt, 'block3.mlp.fc2.weight', 0.02 / Math.sqrt(6)],
    ['GPT-2, end of attention', gpt, 'block3.attention.output.weight', 0.02 / Math.sqrt(6)],
  ])('%s', (_, make, name, wanted) => {
    const { deviation } = spreadOf(make, name);
    expect(Math.abs(deviation / wanted - 1)).toBeLessThan(0.08);
  });

  it('within their limits', () => {
    expect(spreadOf(bert, 'block2.mlp.fc1.weight').largest).toBeLessThanOrEqual(Math.fround(0.04));
    expect(spreadOf(gpt, 'block2.mlp.fc1.weight').largest).toBeGreaterThan(0.04);
    expect(spreadOf(models.mlp({ classes: 100 }), 'head.weight').largest).toBeLessThan(Math.sqrt(6 / 356));
  });

  it('of norms at scale 1, bias 0, mean 0 and variance 1', () => {
    const graph = models.cnn({ batchNorm: true })(1);
    const starts = Object.fromEntries(
      [...graph.constants].map(([id, { data }]) => [graph.values.get(id)!.name, new Set(Array.from(data, Number))]),
    );
    expect(starts['conv1.norm.scale']).toEqual(new Set([1]));
    expect(starts['conv1.norm.bias']).toEqual(new Set([0]));
    expect(starts['conv1.norm.mean']).toEqual(new Set([0]));
    expect(starts['conv1.norm.variance']).toEqual(new Set([1]));
    expect(starts['fc1.bias']).toEqual(new Set([0]));
  });
});
