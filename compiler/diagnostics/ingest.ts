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
    remedy: 'Check the path; lcc reads .onnx files, and the model.json of TensorFlow.js.',
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

export const invalidModel = (where: Place, reason: string) =>
  new LccError({
    code: 'LCC1005',
    what: `The model is not valid ONNX: ${reason}.`,
    where,
    remedy: 'Run the ONNX checker on the model, and export it again.',
  });

export const unsupportedOpset = (file: string | undefined, version: number, oldest: number) =>
  new LccError({
    code: 'LCC1006',
    what: `The model uses opset ${version}; lcc reads ${oldest} and later.`,
    where: { file },
    remedy: `Convert the model to opset ${oldest} or later with the ONNX version converter.`,
  });

/** @param what such as `input "text"` */
export const unsupportedElementType = (where: Place, what: string, type: string) =>
  new LccError({
    code: 'LCC1007',
    what: `${what} holds ${type}, which lcc does not compile.`,
    where,
    remedy: 'Convert it to a plain number type before exporting.',
  });

export const badTensor = (where: Place, name: string, reason: string) =>
  new LccError({
    code: 'LCC1008',
    what: `The data of tensor "${name}" does not fit its type: ${reason}.`,
    where,
    remedy: 'Export or download the model again.',
  });

export const badExternalData = (where: Place, name: string, reason: string) =>
  new LccError({
    code: 'LCC1009',
    what: `The external data of tensor "${name}" cannot be read: ${reason}.`,
    where,
    remedy: 'Keep the data file in the folder of the model, and pass lcc the path of the model.',
  });

export const cyclicGraph = (file: string | undefined, nodes: readonly string[]) =>
  new LccError({
    code: 'LCC1010',
    what: 'The graph has a cycle.',
    where: { file },
    details: nodes,
    remedy: 'Export the model again; an ONNX graph has no cycles.',
  });

export const undefinedValue = (where: Place, value: string) =>
  new LccError({
    code: 'LCC1011',
    what: `The value "${value}" is used but nothing defines it.`,
    where,
    remedy: 'Run the ONNX checker on the model, and export it again.',
  });

export const refusedNode = (where: Place, reason: string, inputs: readonly string[]) =>
  new LccError({
    code: 'LCC1012',
    what: `The node does not fit its inputs: ${reason}.`,
    where,
    details: inputs,
    remedy: 'Check the sizes given by --dim and --shape, and the model before this node.',
  });

/** @param value such as `output "y"` */
export const contradictedType = (where: Place, value: string, declared: string, inferred: string) =>
  new LccError({
    code: 'LCC1013',
    what: `The model declares ${value} with a type that its nodes do not give it.`,
    where,
    values: { declared, inferred },
    remedy: 'Check the sizes given by --dim and --shape, or run ONNX shape inference on the model again.',
  });

/** @param option such as `--dim` */
export const unknownBinding = (file: string | undefined, option: string, name: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC1014',
    what: `${option} names "${name}", which the model does not have.`,
    where: { file },
    values: { 'it has': known.length === 0 ? 'none' : known.join(', ') },
    remedy: `Correct the name, or leave this ${option} out.`,
  });

/** @param option such as `--shape` */
export const misfitBinding = (
  file: string | undefined,
  option: string,
  name: string,
  given: string,
  declared: string,
) =>
  new LccError({
    code: 'LCC1015',
    what: `${option} does not fit "${name}".`,
    where: { file },
    values: { given, declared },
    remedy: 'Give sizes that agree with the model, and with each other.',
  });

/** @param places one line per node, such as `node "r" (Reshape): shape comes from input "n"` */
export const unknownShapes = (file: string | undefined, places: readonly string[]) =>
  new LccError({
    code: 'LCC1016',
    what: 'The model computes shapes from values that are not known when it is built.',
    where: { file },
    details: places,
    remedy: 'Fix the inputs they come from with --const name=value, or export the model with static shapes.',
  });

export const rangeNotSupported = (file: string | undefined, dimension: string, range: string) =>
  new LccError({
    code: 'LCC1017',
    what: `The dimension "${dimension}" is given as a range; a bundle has one size for each dimension.`,
    where: { file },
    values: { range },
    remedy: 'Give one size, and build one bundle for each size that the app needs.',
  });
