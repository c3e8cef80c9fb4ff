import { LccError, type Place } from './diagnostic.ts';

/* LCC11xx: reading a TensorFlow.js model. What its messages share with ONNX is in ingest.ts. */

/** @param reason such as `it ends early` */
export const malformedModel = (where: Place, reason: string) =>
  new LccError({
    code: 'LCC1101',
    what: `The file is not a TensorFlow.js model: ${reason}.`,
    where,
    remedy: 'Name the model.json that tfjs or its converter wrote, or write it again.',
  });

/** @param what such as `Keras 3` */
export const unsupportedFormat = (file: string | undefined, what: string) =>
  new LccError({
    code: 'LCC1102',
    what: `The model is in the format of ${what}, which lcc does not read.`,
    where: { file },
    remedy: 'Save the model with Keras 2 (tf_keras) and convert it again, or convert it to a graph model or to ONNX.',
  });

/** @param shard its path as the model names it */
export const badShard = (file: string | undefined, shard: string, reason: string) =>
  new LccError({
    code: 'LCC1103',
    what: `The weights file "${shard}" cannot be used: ${reason}.`,
    where: { file },
    remedy: 'Keep all files of the model in one folder as they were written, and pass lcc the path of model.json.',
  });

/** @param missing one line per weight, such as `layer "dense" (Dense): kernel` */
export const missingWeights = (file: string | undefined, missing: readonly string[]) =>
  new LccError({
    code: 'LCC1104',
    what: `The manifest of the model lacks ${missing.length === 1 ? 'a weight' : `${missing.length} weights`}.`,
    where: { file },
    details: missing,
    remedy: 'Save or convert the model again, together with its weights.',
  });

/** @param unsupported one line per layer, such as `layer "lstm" (LSTM): lcc has no recurrent layers` */
export const unsupportedLayers = (file: string | undefined, unsupported: readonly string[]) =>
  new LccError({
    code: 'LCC1105',
    what: `${unsupported.length} ${unsupported.length === 1 ? 'layer is' : 'layers are'} of a kind that lcc does not compile.`,
    where: { file },
    details: unsupported,
    remedy: 'Build the model without these layers, or cut it before them.',
  });

/** @param reason such as `output "y" is no node` */
export const invalidTopology = (where: Place, reason: string) =>
  new LccError({
    code: 'LCC1106',
    what: `The topology of the model is not valid: ${reason}.`,
    where,
    remedy: 'Load the model in TensorFlow.js to see whether it can, and save or convert it again.',
  });
