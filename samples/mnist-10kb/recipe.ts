import { adam, cosine, defineRecipe, models, qat, shift } from 'lcc/recipe';

const digits = (split: string): string => `${split}-images-idx3-ubyte.gz?scale=1/255`;

/** 5,018 parameters that learn as 4-bit weights: half of the download is code. */
export default defineRecipe({
  model: models.cnn({ channels: [8, 16, 16], dense: [] }),
  data: { train: digits('train'), test: digits('t10k') },
  optimiser: adam({ rate: 3e-3 }),
  schedule: cosine(),
  augment: [shift({ most: 1 })],
  batch: 64,
  epochs: 10,
  methods: [qat({ weights: 'int4' })],
});
