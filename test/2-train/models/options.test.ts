import { expect, it } from 'vitest';
import { models } from '../../../compiler/2-train/models/index.ts';
import { LccError } from '../../../compiler/diagnostics/index.ts';

const { mlp, residualMlp, cnn, resNet, vit, mixer, meanEmbedding, bert, gpt } = models;
const text = { vocabulary: 10, length: 4 };

function refusal(make: () => unknown): string {
  try {
    make();
  } catch (error) {
    if (error instanceof LccError && error.exitCode === 2) return error.message;
    throw error;
  }
  throw new Error('nothing was refused');
}

it('options that do not fit are refused before a seed is asked for, word for word', () => {
  const refused = [
    () => mlp({ inputs: 0 }),
    () => mlp({ inputs: [1, 28, 0] }),
    () => mlp({ hidden: [256, 2.5] }),
    () => mlp({ classes: -1 }),
    () => residualMlp({ width: 0 }),
    () => residualMlp({ hidden: Number.NaN }),
    () => residualMlp({ blocks: -1 }),
    () => cnn({ channels: [] }),
    () => cnn({ kernel: 4 }),
    () => cnn({ inputs: [1, 4, 28], kernel: 5 }),
    () => cnn({ inputs: [1, 12, 28], channels: [8, 8, 8, 8] }),
    () => resNet({ blocks: 0 }),
    () => resNet({ channels: [] }),
    () => vit({ width: 64, heads: 5 }),
    () => vit({ inputs: [1, 28, 30] }),
    () => vit({ depth: 1.5 }),
    () => mixer({ inputs: [1, 30, 28] }),
    () => mixer({ tokenHidden: 0 }),
    () => meanEmbedding({ ...text, classes: 2, padding: 10 }),
    () => meanEmbedding({ ...text, classes: 0 }),
    () => bert({ ...text, classes: 2, padding: -1 }),
    () => bert({ ...text, classes: 2, width: 30 }),
    () => gpt({ vocabulary: 0, length: 4 }),
    () => gpt({ ...text, length: 0 }),
    () => gpt({ ...text, heads: 0 }),
  ];
  expect(refused.map(refusal).join('\n')).toMatchInlineSnapshot(`
    "LCC8001: The options of the model "mlp" do not fit: inputs is 0.
      Next: Give inputs in whole numbers of at least 1.
    LCC8001: The options of the model "mlp" do not fit: inputs is 0.
      Next: Give inputs in whole numbers of at least 1.
    LCC8001: The options of the model "mlp" do not fit: hidden is 2.5.
      Next: Give hidden in whole numbers of at least 1.
    LCC8001: The options of the model "mlp" do not fit: classes is -1.
      Next: Give classes in whole numbers of at least 1.
    LCC8001: The options of the model "residualMlp" do not fit: width is 0.
      Next: Give width in whole numbers of at least 1.
    LCC8001: The options of the model "residualMlp" do not fit: hidden is NaN.
      Next: Give hidden in whole numbers of at least 1.
    LCC8001: The options of the model "residualMlp" do not fit: blocks is -1.
      Next: Give blocks as a whole number of at least 0.
    LCC8001: The options of the model "cnn" do not fit: channels is empty.
      Next: Give channels at least one entry.
    LCC8001: The options of the model "cnn" do not fit: kernel 4 is even.
      Next: Give an odd kernel: 3, 5 or 7.
    LCC8001: The options of the model "cnn" do not fit: kernel 5 is larger than an image of 4x28.
      Next: Give a kernel of at most 4.
    LCC8001: The options of the model "cnn" do not fit: an image of 12x28 cannot be halved 4 times.
      Next: Give at most 3 channels.
    LCC8001: The options of the model "resNet" do not fit: blocks is 0.
      Next: Give blocks in whole numbers of at least 1.
    LCC8001: The options of the model "resNet" do not fit: channels is empty.
      Next: Give channels at least one entry.
    LCC8001: The options of the model "vit" do not fit: width 64 is not a multiple of heads 5.
      Next: Make width a multiple of heads: 65, for instance.
    LCC8001: The options of the model "vit" do not fit: the image width 30 is not a multiple of patch 4.
      Next: Make the image width a multiple of patch: 32, for instance.
    LCC8001: The options of the model "vit" do not fit: depth is 1.5.
      Next: Give depth as a whole number of at least 0.
    LCC8001: The options of the model "mixer" do not fit: the image height 30 is not a multiple of patch 4.
      Next: Make the image height a multiple of patch: 32, for instance.
    LCC8001: The options of the model "mixer" do not fit: tokenHidden is 0.
      Next: Give tokenHidden in whole numbers of at least 1.
    LCC8001: The options of the model "meanEmbedding" do not fit: padding 10 is not in a vocabulary of 10.
      Next: Give padding as a token from 0 to 9.
    LCC8001: The options of the model "meanEmbedding" do not fit: classes is 0.
      Next: Give classes in whole numbers of at least 1.
    LCC8001: The options of the model "bert" do not fit: padding -1 is not in a vocabulary of 10.
      Next: Give padding as a token from 0 to 9.
    LCC8001: The options of the model "bert" do not fit: width 30 is not a multiple of heads 4.
      Next: Make width a multiple of heads: 32, for instance.
    LCC8001: The options of the model "gpt" do not fit: vocabulary is 0.
      Next: Give vocabulary in whole numbers of at least 1.
    LCC8001: The options of the model "gpt" do not fit: length is 0.
      Next: Give length in whole numbers of at least 1.
    LCC8001: The options of the model "gpt" do not fit: heads is 0.
      Next: Give heads in whole numbers of at least 1."
  `);
});

it('what is just allowed is', () => {
  const made = [
    mlp({ inputs: 1, hidden: [], classes: 1 }),
    residualMlp({ blocks: 0 }),
    cnn({ inputs: [1, 3, 4], channels: [2], kernel: 3 }),
    cnn({ inputs: [1, 8, 8], channels: [1, 1, 1] }),
    resNet({ inputs: [1, 1, 1] }),
    vit({ inputs: [1, 4, 4], depth: 0 }),
    mixer({ inputs: [1, 4, 4], depth: 0 }),
    meanEmbedding({ ...text, classes: 2, padding: 9 }),
    bert({ ...text, length: 1, classes: 2 }),
    gpt({ ...text, length: 1 }),
  ];
  for (const make of made) expect(make(1).outputs).toHaveLength(1);
});
