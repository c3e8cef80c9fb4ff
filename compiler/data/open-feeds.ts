import {
  dataEmpty,
  dataInputMissing,
  labelCountWrong,
  sampleShapeWrong,
  sampleValueWrong,
} from '../diagnostics/data.ts';
import { decodeData } from '../tensor/convert.ts';
import { dtypes, isFloat, type TypedArray } from '../tensor/dtype.ts';
import { shapeOf } from '../tensor/shape.ts';
import { makeTensor } from '../tensor/tensor.ts';
import type { DataPort, DataSet, Feeds } from './data-set.ts';
import { portSize, printPort } from './fit-port.ts';
import { hashFeeds } from './hash-feeds.ts';
import { readLabels } from './labels.ts';
import { completeOptions } from './options.ts';

/**
 * Samples as a model takes them, an array for each input, with the class of each: checked as data in files is.
 * @throws LccError LCC7006, LCC7007, LCC7009, LCC7011 to LCC7014
 */
export function openFeeds(
  name: string,
  samples: readonly Feeds[],
  ports: readonly DataPort[],
  classes?: ArrayLike<number>,
): DataSet {
  if (samples.length === 0) throw dataEmpty(name);
  if (classes && classes.length !== samples.length) throw labelCountWrong(name, classes.length, samples.length);
  const checked = samples.map((feeds, i): Feeds => {
    return Object.fromEntries(ports.map((port) => [port.name, feedOf(feeds, port, name, i)]));
  });
  const feedsOf = (i: number): Feeds => {
    const feeds = checked[i];
    if (!feeds) throw new RangeError(`sample ${i} of ${checked.length}`);
    return feeds;
  };
  return {
    name,
    size: samples.length,
    labels: classes && readLabels({ values: classes, width: 1, storedAs: 'integers' }, name, completeOptions({})),
    feedsOf,
    hashOf: (i) => hashFeeds(feedsOf(i)),
  };
}

function feedOf(feeds: Feeds, port: DataPort, file: string, sample: number): TypedArray {
  const { dtype } = port;
  const place = { file, sample, input: port.name };
  const data = feeds[port.name];
  if (data === undefined) throw dataInputMissing(`${file}, sample ${sample}`, port.name, Object.keys(feeds));
  const { array } = dtypes[dtype];
  if (!(data instanceof array) || data.length !== portSize(port))
    throw sampleShapeWrong(place, `a ${data.constructor.name} of ${data.length}`, `${printPort(port)}: ${array.name}`);
  if (!isFloat(dtype)) return data;
  const values = decodeData(makeTensor(dtype, shapeOf([data.length]), data));
  for (let e = 0; e < values.length; e++) {
    const value = Number(values[e]);
    if (!Number.isFinite(value)) throw sampleValueWrong(place, e, value, 'not a finite number');
  }
  return data;
}
