import { evaluateNode } from '../../../ir/evaluate.ts';
import { numbersOf, tensorOf } from '../../../tensor/convert.ts';
import type { DType } from '../../../tensor/dtype.ts';
import type { ExportedNode, Exporter } from '../exported-node.ts';
import { call, cast, expand, identity, integers, literal, reshape, type Term } from '../term.ts';

export const exportReshape: Exporter = (node) => reshape(node.input(0), node.attributes.numbers('shape'));

export const exportExpand: Exporter = (node) => expand(node.input(0), node.attributes.numbers('shape'));

export const exportTile: Exporter = (node) =>
  call('Tile', [node.input(0), integers(node.attributes.numbers('repeats'))]);

/** Only the axes that are not taken whole. */
export const exportSlice: Exporter = (node) => {
  const [starts, steps, sizes] = ['starts', 'steps', 'sizes'].map((name) => node.attributes.numbers(name));
  const cuts = node.sizes(0).flatMap((whole, axis) => {
    const [start, step, size] = [starts?.[axis] ?? 0, steps?.[axis] ?? 1, sizes?.[axis] ?? 0];
    return step === 1 && size === whole ? [] : [{ axis, start, end: endOf(start, step, size), step }];
  });
  if (cuts.length === 0) return identity(node.input(0));
  const lists = (['start', 'end', 'axis', 'step'] as const).map((of) => integers(cuts.map((cut) => cut[of])));
  return call('Slice', [node.input(0), ...lists]);
};

/** Past the last element; before the first one of all, where -1 would count from the end. */
function endOf(start: number, step: number, size: number): number {
  if (size === 0) return start;
  const last = start + step * (size - 1);
  return step > 0 ? last + 1 : last === 0 ? -(2 ** 31) : last - 1;
}

/** Where pads crop, or repeat more than x has, runtimes differ: each axis then gathers from the positions it repeats. */
export const exportPad: Exporter = (node) => {
  const mode = node.attributes.string('mode', 'constant');
  const pads = node.attributes.numbers('pads');
  if (mode !== 'constant' && !isPlain(node, pads)) return gatherPadded(node, pads, mode);
  const value = mode === 'constant' ? node.scalar(node.attributes.number('value', 0)) : undefined;
  return call('Pad', [node.input(0), integers(pads), value], { mode });
};

const isPlain = (node: ExportedNode, pads: readonly number[]): boolean => {
  const sizes = node.sizes(0);
  return pads.every((pad, i) => pad >= 0 && pad < Math.max(1, sizes[i % sizes.length] ?? 0));
};

function gatherPadded(node: ExportedNode, pads: readonly number[], mode: string) {
  const sizes = node.sizes(0);
  const gathered = sizes.reduce<Term>((x, size, axis) => {
    const [begin, end] = [pads[axis] ?? 0, pads[axis + sizes.length] ?? 0];
    if (begin === 0 && end === 0) return x;
    const positions = tensorOf(
      'int64',
      [size],
      Array.from({ length: size }, (_, i) => i),
    );
    const [repeated] = evaluateNode('pad', { pads: [begin, end], mode }, [positions]);
    return call('Gather', [x, integers(repeated === undefined ? [] : numbersOf(repeated))], { axis });
  }, node.input(0));
  return gathered.kind === 'call' ? gathered : identity(gathered);
}

const indexed = (node: ExportedNode, dtypes: readonly DType[]): Term =>
  dtypes.includes(node.type(1).dtype) ? node.input(1) : cast(node.input(1), 'int64');

export const exportGather: Exporter = (node) =>
  call('Gather', [node.input(0), indexed(node, ['int32', 'int64'])], { axis: node.attributes.number('axis', 0) });

export const exportGatherElements: Exporter = (node) =>
  call('GatherElements', [node.input(0), indexed(node, ['int32', 'int64'])], {
    axis: node.attributes.number('axis', 0),
  });

export const exportGatherND: Exporter = (node) =>
  call('GatherND', [node.input(0), indexed(node, ['int64'])], { batch_dims: node.attributes.number('batchDims', 0) });

/** OneHot takes no scalar, one index is a list of one; and no bfloat16. */
export const exportOneHot: Exporter = (node) => {
  const indices = node.dtype === 'int64' ? node.input(0) : cast(node.input(0), 'int64');
  const depth = node.attributes.number('depth');
  const isNarrow = node.output.dtype === 'bfloat16';
  const values = isNarrow ? cast(node.input(1), 'float32') : node.input(1);
  const expanded = (list: Term, axis: number) => {
    const result = call('OneHot', [list, literal(tensorOf('int64', [], [depth])), values], { axis });
    return isNarrow ? cast(result, 'bfloat16') : result;
  };
  if (node.sizes(0).length > 0) return expanded(indices, node.attributes.number('axis'));
  return reshape(expanded(reshape(indices, [1]), 1), [depth]);
};

export const exportTrilu: Exporter = (node) => {
  const k = literal(tensorOf('int64', [], [node.attributes.number('k', 0)]));
  return call('Trilu', [node.input(0), k], { upper: Number(node.attributes.boolean('upper', true)) });
};
