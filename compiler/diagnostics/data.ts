import { type Diagnostic, LccError } from './diagnostic.ts';

/* LCC70xx: reading calibration and evaluation data. LCC71xx: what two data sets, or data and a model, are to each other. */

export const dataNotFound = (file: string) =>
  new LccError({
    code: 'LCC7001',
    what: 'There is no data at this path.',
    where: { file },
    remedy: 'Check the path: it is taken from the current folder, in a recipe from its own or from that of --data.',
  });

/** @param reason ends without a full stop */
export const dataNotReadable = (file: string, reason: string) =>
  new LccError({
    code: 'LCC7002',
    what: `The data cannot be read: ${reason}.`,
    where: { file },
    remedy: 'Write the file again, and check that it is whole and of the kind its name says.',
  });

/** @param formats one line per format */
export const dataFormatUnknown = (file: string, formats: readonly string[]) =>
  new LccError({
    code: 'LCC7003',
    what: 'This is no data format that lcc reads.',
    where: { file },
    details: formats,
    remedy: 'Convert the data to one of these, or name a module that yields batches.',
  });

/** @param form such as `a number above 0` */
export const dataOptionInvalid = (name: string, given: string, form: string) =>
  new LccError({
    code: 'LCC7004',
    what: `The data option ${name} takes ${form}.`,
    values: { given },
    remedy: `Write ${name} as ${form}.`,
  });

export const dataOptionUnknown = (name: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC7005',
    what: `There is no data option "${name}".`,
    remedy: `Choose from ${known.join(', ')}.`,
  });

export const dataInputMissing = (file: string, input: string, found: readonly string[]) =>
  new LccError({
    code: 'LCC7006',
    what: `The data has nothing for the model's input "${input}".`,
    where: { file },
    values: { 'it has': found.length === 0 ? 'nothing' : found.join(', ') },
    remedy: `Name one array "${input}", or bind that input with --const.`,
  });

export interface SamplePlace {
  readonly file: string;
  /** index in the file, from 0 */
  readonly sample: number;
  readonly input: string;
}

/** @param takes such as `float32[1,1,28,28], 784 values` */
export const sampleShapeWrong = ({ file, sample, input }: SamplePlace, has: string, takes: string) =>
  new LccError({
    code: 'LCC7007',
    what: `Sample ${sample} does not fit the model's input "${input}".`,
    where: { file },
    values: { 'the sample has': has, 'the input takes': takes },
    remedy: 'Reshape the data, give size= or crop= for pictures, or build the model with another --shape.',
  });

export const batchedInput = (file: string, input: string, takes: string, batch: number) =>
  new LccError({
    code: 'LCC7008',
    what: `The model's input "${input}" takes ${batch} samples at a time; data is fed one by one.`,
    where: { file },
    values: { 'the input takes': takes },
    remedy: 'Build the model with a batch of 1 (--shape or --dim).',
  });

/** @param reason such as `not a finite number`, `not a whole number` */
export const sampleValueWrong = (
  { file, sample, input }: SamplePlace,
  element: number,
  value: number | string,
  reason: string,
) =>
  new LccError({
    code: 'LCC7009',
    what: `Sample ${sample} holds a value for "${input}" that is ${reason}.`,
    where: { file },
    values: { element, value },
    remedy: 'Correct or leave out that sample, or its preprocessing.',
  });

export const dataTypeWrong = (file: string, array: string, dtype: string) =>
  new LccError({
    code: 'LCC7010',
    what: `The array "${array}" holds ${dtype}, not plain numbers.`,
    where: { file },
    remedy: 'Save it as a numeric array, such as numpy.asarray(x, numpy.float32).',
  });

export const dataEmpty = (file: string) =>
  new LccError({
    code: 'LCC7011',
    what: 'The data holds no sample.',
    where: { file },
    remedy: 'Check the file, and that offset and limit leave something.',
  });

export const labelCountWrong = (file: string, labels: number, samples: number) =>
  new LccError({
    code: 'LCC7012',
    what: `There are ${labels} labels for ${samples} samples.`,
    where: { file },
    remedy: 'Give every sample one label, in the same order.',
  });

export const labelOutOfRange = (file: string, sample: number, label: number, classes: number | undefined) =>
  new LccError({
    code: 'LCC7013',
    what:
      classes === undefined
        ? `The label of sample ${sample} is ${label}; classes count from 0.`
        : `The label of sample ${sample} is ${label}; there are ${classes} classes, from 0.`,
    where: { file },
    remedy: 'Correct the labels; if they are quantities and not classes, say labelType=value.',
  });

/** @param form such as `a whole number` */
export const labelInvalid = (file: string, sample: number, given: string, form: string) =>
  new LccError({
    code: 'LCC7014',
    what: `The label of sample ${sample} is not ${form}.`,
    where: { file },
    values: { given },
    remedy: 'Correct the labels, or choose labelType=class or labelType=value.',
  });

/** @param row line of the table, from 1 */
export const cellInvalid = (file: string, row: number, column: string, given: string) =>
  new LccError({
    code: 'LCC7016',
    what:
      given === '' ? `Row ${row} has no value in column ${column}.` : `Row ${row} has no number in column ${column}.`,
    where: { file },
    values: { given: `"${given}"` },
    remedy: 'Fill or remove the row, leave the column out with ignore=, or name the label column with labelColumn=.',
  });

export const columnUnknown = (file: string, given: string, columns: readonly string[]) =>
  new LccError({
    code: 'LCC7017',
    what: `The table has no column ${given}.`,
    where: { file },
    remedy: `Choose from ${columns.join(', ')}, or a position from 0.`,
  });

export const tokenizerMissing = (file: string) =>
  new LccError({
    code: 'LCC7018',
    what: 'The data is text, and no tokenizer is named.',
    where: { file },
    remedy:
      "Add tokenizer=tokenizer.json, or a vocabulary with one token on each line, such as vocab.txt, from the model's own folder.",
  });

export const tokenizerInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC7019',
    what: `The tokenizer cannot be used: ${reason}.`,
    where: { file },
    remedy: 'Name the tokenizer.json, or the vocabulary, that the model was trained with.',
  });

export const pictureTooSmall = (file: string, has: string, crop: string) =>
  new LccError({
    code: 'LCC7020',
    what: `The picture is ${has}, smaller than the crop of ${crop}.`,
    where: { file },
    remedy: 'Give size= at least as large as crop=, or leave the crop out.',
  });

export const sampleRateWrong = (file: string, has: number, wants: number, from: 'option' | 'first file') =>
  new LccError({
    code: 'LCC7021',
    what: `The sound has ${has} samples a second, not ${wants}${from === 'option' ? '' : ' as the first file'}; lcc does not resample.`,
    where: { file },
    remedy: `Convert the files to ${wants} Hz, such as with ffmpeg -ar ${wants}.`,
  });

/** @param reason ends without a full stop */
export const moduleInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC7022',
    what: `The module cannot be used: ${reason}.`,
    where: { file },
    remedy:
      'A data module exports by default an iterable, or a function that returns one, of { inputs: { name: values }, labels }.',
  });

export const preprocessDoesNotFit = (file: string, option: string, given: number, channels: number) =>
  new LccError({
    code: 'LCC7023',
    what: `The option ${option} has ${given} values; the samples have ${channels} channels.`,
    where: { file },
    remedy: `Give ${option} one value, or one for each channel.`,
  });

export const severalInputs = (file: string, format: string, inputs: readonly string[]) =>
  new LccError({
    code: 'LCC7024',
    what: `The model has ${inputs.length} inputs, ${inputs.join(', ')}; ${format} can feed only one.`,
    where: { file },
    remedy: 'Put all inputs into one .npz file, or bind the others with --const.',
  });

/** Every evaluation sample was also used for calibration. */
export const dataSame = (calibration: string, evaluation: string, samples: number) =>
  new LccError({
    code: 'LCC7101',
    what: `All ${samples} evaluation samples are also calibration samples: a loss measured on them proves nothing.`,
    where: { file: evaluation },
    values: { calibration },
    remedy: 'Evaluate on other data, or split one file with offset= and limit=.',
  });

/** A warning. @param examples indices of evaluation samples, the first few */
export const dataOverlaps = (
  calibration: string,
  evaluation: string,
  count: number,
  samples: number,
  examples: readonly number[],
): Diagnostic => ({
  code: 'LCC7102',
  what: `${count} of ${samples} evaluation samples are also calibration samples.`,
  where: { file: evaluation },
  values: { calibration, 'such as': examples.map((i) => `sample ${i}`).join(', ') },
  remedy: 'Evaluate on other data, or split one file with offset= and limit=.',
});

/** A warning. @param layers one line per layer, such as `fc1: width 1024, needs 2048` */
export const calibrationTooSmall = (
  file: string,
  samples: number,
  needed: number,
  layers: readonly string[],
): Diagnostic => ({
  code: 'LCC7103',
  what: `${samples} calibration samples are few for the width of ${layers.length} layer${layers.length === 1 ? '' : 's'}: ${needed} are needed.`,
  where: { file },
  details: layers,
  remedy: `Give at least ${needed} calibration samples; they need no labels.`,
});
