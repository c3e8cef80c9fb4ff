import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import type { Importer, OnnxNode } from '../node.ts';

/** Operators of any number of inputs become chains of two-operand ones. */
const chain =
  (op: 'add' | 'max' | 'min') =>
  (node: OnnxNode): ValueId => {
    const [first, ...rest] = node.allInputs();
    if (first === undefined) throw new OpError(`${node.op} needs at least one input`);
    return rest.reduce((left, right) => node.emit(op, [left, right]), first);
  };

export const importSum: Importer = chain('add');
export const importMax: Importer = chain('max');
export const importMin: Importer = chain('min');

export const importMean: Importer = (node) => {
  const sum = chain('add')(node);
  const count = node.inputs.length;
  return count === 1 ? sum : node.emit('div', [sum, node.scalar(node.type(sum).dtype, count)]);
};
