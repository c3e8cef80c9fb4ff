import { LccError, type Place } from './diagnostic.ts';

/*
 * LCC1xxx: reading a model. One function per message: it takes the values, returns the error, and the caller throws it.
 *     throw ingest.truncatedModel({ file }, 'tensor "w" ends early');
 */

export const modelNotFound = (file: string) =>
  new LccError({
    code: 'LCC1001',
    what: 'The model file cannot be read.',
    where: { file },
    remedy: 'Check the path; lcc reads .onnx files.',
  });

export const truncatedModel = (where: Place, reason: string) =>
  new LccError({
    code: 'LCC1002',
    what: `The file is not a whole ONNX model: ${reason}.`,
    where,
    remedy: 'Export or download the model again.',
  });

/** @param unsupported one line per node, such as `node "tok" (StringNormalizer)` */
export const unsupportedOps = (file: string | undefined, unsupported: readonly string[]) =>
  new LccError({
    code: 'LCC1003',
    what: `${unsupported.length} ${unsupported.length === 1 ? 'node uses an operator' : 'nodes use operators'} lcc does not compile.`,
    where: { file },
    details: unsupported,
    remedy: 'Export the model without these operators, or cut it before them.',
  });

/** @param dimensions one line per dimension, such as `input "ids" [1, seq]: seq` */
export const unboundDimensions = (file: string | undefined, dimensions: readonly string[]) =>
  new LccError({
    code: 'LCC1004',
    what: 'Some input dimensions have no size.',
    where: { file },
    details: dimensions,
    remedy: 'Bind each with --dim name=size, or whole inputs with --shape input=1,3,224,224.',
  });
