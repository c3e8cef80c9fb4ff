import type { DType } from '../../tensor/dtype.ts';

/**
 * Element types by the names that Keras and GraphDef give them, as TensorFlow.js holds them: it has floats of 32 bits,
 * integers of 32 bits and booleans, and reads all others into these.
 */
const types: Readonly<Record<string, DType>> = {
  float32: 'float32',
  float64: 'float32',
  float16: 'float32',
  mixed_float16: 'float32',
  int32: 'int32',
  int64: 'int32',
  int16: 'int32',
  int8: 'int32',
  uint8: 'int32',
  bool: 'bool',
  DT_FLOAT: 'float32',
  DT_DOUBLE: 'float32',
  DT_HALF: 'float32',
  DT_INT32: 'int32',
  DT_INT64: 'int32',
  DT_INT16: 'int32',
  DT_INT8: 'int32',
  DT_UINT8: 'int32',
  DT_BOOL: 'bool',
};

/** Numbers of tensorflow/core/framework/types.proto. */
const codes: Readonly<Record<number, string>> = {
  1: 'DT_FLOAT',
  2: 'DT_DOUBLE',
  3: 'DT_INT32',
  4: 'DT_UINT8',
  5: 'DT_INT16',
  6: 'DT_INT8',
  7: 'DT_STRING',
  8: 'DT_COMPLEX64',
  9: 'DT_INT64',
  10: 'DT_BOOL',
  19: 'DT_HALF',
};

/** undefined: a type that lcc has no numbers for, such as text. */
export const dtypeOf = (name: string): DType | undefined => (Object.hasOwn(types, name) ? types[name] : undefined);

/** Converters write the name or the number. */
export const nameOfType = (type: string | number): string =>
  typeof type === 'string' ? type : (codes[type] ?? `type ${type}`);
