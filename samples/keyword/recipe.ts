import { adam, cosine, crossEntropy, defineRecipe, models, qat, shift } from 'lcc/recipe';
import { bands, frames } from './features.ts';
import { plain, varied } from './train/batches.ts';
import { readRecordings } from './train/recordings.ts';

/** FSDD names the data set's .tar.gz; HELD_OUT a speaker to train without, and to measure alone. */
const { FSDD: archive, HELD_OUT: heldOut } = process.env;
if (archive === undefined) throw new Error("name the data set's .tar.gz in the environment variable FSDD");

const recordings = readRecordings(archive);
/** The data set's own split: the first five recordings of each speaker and digit test. */
const forTraining = recordings.filter(({ index }) => index >= 5);
const learnt = forTraining.filter(({ speaker }) => speaker !== heldOut);
const unheard = forTraining.filter(({ speaker }) => speaker === heldOut);
const test = recordings.filter(({ index, speaker }) => index < 5 && speaker === (heldOut ?? speaker));

/** 20,858 parameters that learn as 4-bit weights, from ten copies of each recording as other voices and rooms would have it. */
export default defineRecipe({
  model: models.cnn({ inputs: [1, bands, frames], channels: [12, 24, 32, 32], dense: [] }),
  data: {
    train: () => varied(learnt, 10, 1),
    validation: heldOut === undefined ? 0.1 : () => plain(unheard),
    test: () => plain(test),
  },
  loss: crossEntropy({ smoothing: 0.05 }),
  optimiser: adam({ rate: 3e-3 }),
  schedule: cosine(),
  augment: [shift({ most: 2 })],
  batch: 64,
  epochs: 12,
  methods: [qat({ weights: 'int4' })],
});
