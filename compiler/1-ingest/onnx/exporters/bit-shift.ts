import { numbersOf } from '../../../tensor/convert.ts';
import { type DType, dtypes } from '../../../tensor/dtype.ts';
import type { ExportedNode, Exporter } from '../exported-node.ts';
import { type Call, call, cast, type Term } from '../term.ts';

const unsigned: Readonly<Partial<Record<DType, DType>>> = {
  int8: 'uint8',
  int16: 'uint16',
  int32: 'uint32',
  int64: 'uint64',
};

/** BitShift takes unsigned integers only, and says nothing of counts of the width and more, which give 0 here. */
export const exportBitShift: Exporter = (node) => {
  const direction = node.attributes.string('direction');
  const shifted = unsigned[node.dtype] === undefined ? shift(node, node.input(0), direction) : signed(node, direction);
  const width = 8 * dtypes[node.dtype].bytes;
  const counts = node.known(1);
  if (counts !== undefined && numbersOf(counts).every((count) => count < width)) return shifted;
  const isWithin = call('Less', [node.input(1), node.scalar(width)]);
  return call('Where', [isWithin, shifted, node.scalar(0)]);
};

function shift(node: ExportedNode, x: Term, direction: string): Call {
  const natural = unsigned[node.dtype];
  if (natural === undefined) return call('BitShift', [x, node.input(1)], { direction: direction.toUpperCase() });
  const bits = call('BitShift', [cast(x, natural), cast(node.input(1), natural)], {
    direction: direction.toUpperCase(),
  });
  return cast(bits, node.dtype);
}

/** To the right, ~(~x >> count) for negative x: ones move in. */
function signed(node: ExportedNode, direction: string): Call {
  const x = node.input(0);
  if (direction === 'left') return shift(node, x, direction);
  const isNegative = call('Less', [x, node.scalar(0)]);
  const flipped = (of: Term): Call => call('Where', [isNegative, call('BitwiseNot', [of]), of]);
  return flipped(shift(node, flipped(x), direction));
}
