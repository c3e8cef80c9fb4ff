import { fileURLToPath } from 'node:url';
import { adamW, cosine, defineRecipe, models, qat } from 'lcc/recipe';

const tokenizer = fileURLToPath(new URL('vocabulary.txt', import.meta.url));

/** A table of sentences, already split into words by spaces, and their labels. */
const sentences = (source: string) => ({ source, options: { tokenizer, delimiter: '\t', header: false } });

/** A vector of 16 numbers for each of 7,206 words, which learn as 4-bit weights; their mean tells the sentiment. */
export default defineRecipe({
  model: models.meanEmbedding({ vocabulary: 7206, length: 56, classes: 2, width: 16 }),
  data: { train: sentences('train.tsv'), validation: sentences('dev.tsv'), test: sentences('test.tsv') },
  optimiser: adamW({ rate: 5e-3, weightDecay: 0.1 }),
  schedule: cosine(),
  batch: 64,
  epochs: 6,
  methods: [qat({ weights: 'int4' })],
});
