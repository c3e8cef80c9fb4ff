import { LccError } from './diagnostic.ts';

/* LCC8xxx: training. */

/** @param model a builder such as `vit`; `what` such as `width 64 is not a multiple of heads 5` */
export const modelOptionsInvalid = (model: string, what: string, remedy: string) =>
  new LccError({ code: 'LCC8001', what: `The options of the model "${model}" do not fit: ${what}.`, remedy });

/** @param reason such as `a dilated pool` */
export const opNotTrainable = (op: string, node: string, reason: string) =>
  new LccError({
    code: 'LCC8002',
    what: `Training cannot run the op ${op} as this model uses it: ${reason}.`,
    where: { node },
    remedy: 'Build the model without further training, or export it with ops that training has.',
  });

/** @param wanted such as `an activation between two layers` */
export const methodFindsNothing = (method: string, wanted: string) =>
  new LccError({
    code: 'LCC8003',
    what: `The method ${method} has nothing to work on: the model has no ${wanted.replace(/^an? /, '')}.`,
    remedy: 'Leave the method out, or choose one that fits the model.',
  });

/** @param where such as `the node "block2.fc1"` */
export const lossNotFinite = (step: number, rate: number, loss: number, where: string) =>
  new LccError({
    code: 'LCC8004',
    what: `The loss is ${loss} at step ${step}; it began in ${where}.`,
    values: { step, 'learning rate': rate },
    remedy:
      'Lower the learning rate, clip gradients (clipNorm), or look at the data; the last checkpoint holds the epoch before.',
  });

export const checkpointInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC8005',
    what: `The checkpoint cannot be gone on from: ${reason}.`,
    where: { file },
    remedy: 'Name another file with --checkpoint, or delete this one to begin anew.',
  });

export const checkpointNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC8006',
    what: `The checkpoint cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Make room, or name a file that can be written with --checkpoint.',
  });

export const methodOptionsInvalid = (method: string, what: string, remedy: string) =>
  new LccError({ code: 'LCC8007', what: `The options of the method ${method} do not fit: ${what}.`, remedy });

export const backendNotAvailable = (name: string, failures: readonly string[]) =>
  new LccError({
    code: 'LCC8008',
    what: `Training cannot run on ${name}.`,
    details: failures,
    remedy: 'Install the package beside lcc, or leave --backend out: wasm needs nothing.',
  });

const exportOne = 'Export one by default: export default defineRecipe({ model: mlp(), data: { train: "train.npz" } }).';

export const recipeInvalid = (file: string, reason: string, remedy: string = exportOne) =>
  new LccError({ code: 'LCC8009', what: `The recipe cannot be used: ${reason}.`, where: { file }, remedy });

/** @param rows of the output that the loss compares with labels */
export const labelsDoNotFit = (file: string, width: number, output: string, rows: number) =>
  new LccError({
    code: 'LCC8010',
    what: `Each sample has ${width} labels, but the output "${output}" takes ${rows}.`,
    where: { file },
    remedy: 'Name the output that the labels are for (output in the recipe), or mend the labels.',
  });

/** @param share such as `validation` */
export const splitEmpty = (file: string, share: string, samples: number) =>
  new LccError({
    code: 'LCC8011',
    what: `Nothing is left for ${share}: there are ${samples} samples.`,
    where: { file },
    remedy: 'Give more samples, or name validation data of their own.',
  });

export const trainingFileNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC8012',
    what: `What was trained cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Make room, or name another file; the checkpoint holds the last epoch.',
  });

export const trainingStopped = (epochs: number) =>
  new LccError({
    code: 'LCC8013',
    what: `Training was stopped after epoch ${epochs}.`,
    remedy: 'Run the same command again: it goes on from there.',
  });

export const controlNotPossible = (file: string, reason: string) =>
  new LccError({
    code: 'LCC8014',
    what: `There is no network of the same size to compare with: ${reason}.`,
    where: { file },
    remedy: 'Leave --control out, or build a recipe whose model is a network that lcc makes.',
  });
