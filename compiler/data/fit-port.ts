import { batchedInput, type SamplePlace, sampleShapeWrong, sampleValueWrong } from '../diagnostics/data.ts';
import { printNumberOf } from '../quantity/count.ts';
import { encodeData } from '../tensor/convert.ts';
import { type DType, dtypes, isFloat, type TypedArray } from '../tensor/dtype.ts';
import type { DataPort } from './data-set.ts';
import type { CompleteOptions } from './options.ts';
import type { Sample, Values } from './samples.ts';

export const portSize = ({ shape }: DataPort): number => shape.reduce((product, size) => product * size, 1);

/** `float32[1,1,28,28], 784 values`. */
export const printPort = (port: DataPort): string =>
  `${port.dtype}[${port.shape.join(',')}], ${printNumberOf(portSize(port), 'value')}`;

/**
 * One sample as the model takes it: scaled, (x * scale - mean) / std by channel, then of the port's type.
 * @throws LccError LCC7007, LCC7008 where the count differs; LCC7009 for a value that is not finite or not of the type
 */
export function fitPort(
  sample: Sample,
  port: DataPort,
  place: SamplePlace,
  { preprocess }: CompleteOptions,
): TypedArray {
  const takes = portSize(port);
  const has = sample.values.length;
  if (has !== takes) {
    const batch = port.shape[0] ?? 1;
    if (batch > 1 && has * batch === takes) throw batchedInput(place.file, place.input, printPort(port), batch);
    throw sampleShapeWrong(place, printNumberOf(has, 'value'), printPort(port));
  }
  const { scale, mean, std } = preprocess;
  const isPlain = scale === 1 && mean.every((m) => m === 0) && std.every((s) => s === 1);
  const values = isPlain ? sample.values : prepare(sample, preprocess);
  const result = encode(port.dtype, values);
  checkValues(values, result, port.dtype, place);
  return result;
}

function prepare({ values, channels }: Sample, { scale, mean, std }: CompleteOptions['preprocess']): Float64Array {
  const result = new Float64Array(values.length);
  for (let e = 0; e < result.length; e++) {
    const channel = Math.floor(e / channels.inner) % channels.count;
    const m = mean[mean.length === 1 ? 0 : channel] ?? 0;
    const s = std[std.length === 1 ? 0 : channel] ?? 1;
    result[e] = (Number(values[e] ?? 0) * scale - m) / s;
  }
  return result;
}

function encode(dtype: DType, values: Values): TypedArray {
  if (dtype === 'float32') return isWideValues(values) ? Float32Array.from(values, Number) : new Float32Array(values);
  if (isWideValues(values)) return encodeData(dtype, values);
  // What is not a whole number is refused below; BigInt() must not meet it first.
  const isWideType = dtype === 'int64' || dtype === 'uint64';
  return encodeData(dtype, isWideType ? Array.from(values, (x) => (Number.isFinite(x) ? Math.trunc(x) : 0)) : values);
}

const isWideValues = (values: Values): values is BigInt64Array | BigUint64Array =>
  values instanceof BigInt64Array || values instanceof BigUint64Array;

/** Lowest and highest whole number of an integer type. */
function integerRange(dtype: DType): readonly [number, number] {
  const { bytes, kind } = dtypes[dtype];
  if (kind === 'bool') return [0, 1];
  return kind === 'signed' ? [-(2 ** (8 * bytes - 1)), 2 ** (8 * bytes - 1) - 1] : [0, 2 ** (8 * bytes) - 1];
}

function checkValues(values: Values, result: TypedArray, dtype: DType, place: SamplePlace): void {
  if (isFloat(dtype)) {
    for (let e = 0; e < values.length; e++) {
      const value = Number(values[e]);
      if (!Number.isFinite(value)) throw sampleValueWrong(place, e, value, 'not a finite number');
      if (result instanceof Float32Array && !Number.isFinite(result[e])) {
        throw sampleValueWrong(place, e, value, 'too large for float32');
      }
    }
    return;
  }
  const [low, high] = integerRange(dtype);
  for (let e = 0; e < values.length; e++) {
    const value = values[e] ?? 0;
    const number = Number(value);
    if (!Number.isInteger(number)) throw sampleValueWrong(place, e, number, `not a whole number, as ${dtype} needs`);
    if (number < low || number > high) throw sampleValueWrong(place, e, String(value), `outside of ${dtype}`);
  }
}
