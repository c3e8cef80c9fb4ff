import { adam, cosine, defineRecipe, flip, models, qat, shift } from 'lcc/recipe';

const articles = (split: string): string => `${split}-images-idx3-ubyte.gz?scale=1/255`;

/** 12,570 parameters that learn as 4-bit weights. */
export default defineRecipe({
  model: models.cnn({ channels: [12, 24, 32], dense: [] }),
  data: { train: articles('train'), test: articles('t10k') },
  optimiser: adam({ rate: 3e-3 }),
  schedule: cosine(),
  augment: [flip(), shift({ most: 1 })],
  batch: 64,
  epochs: 12,
  methods: [qat({ weights: 'int4' })],
});
