import { type CompiledNest, compileNest, type EvaluationArray } from '../kernel/evaluate.ts';
import type { Meaning } from '../kernel/meaning.ts';
import type { Slot } from '../kernel/nest.ts';
import { nestOfMeaning, type Placement } from '../kernel/schedule.ts';
import { splitReductions } from '../kernel/split-reductions.ts';
import { type Attributes, type OpName, ops } from '../ops/index.ts';
import { makeOperand } from '../ops/op.ts';
import { decodeData, encodeData } from '../tensor/convert.ts';
import { type DType, dtypes, isFloat } from '../tensor/dtype.ts';
import { elementCount, rowMajorStrides, type Shape } from '../tensor/shape.ts';
import { makeTensor, printType, type Tensor, type TensorType, tensorType } from '../tensor/tensor.ts';
import type { Graph, ValueId } from './graph.ts';

/** float64: floats keep their full precision between ops. float32: they are rounded to float32 after each op. */
export type Precision = 'float64' | 'float32';

/** A value while evaluating: floats of every type decoded, in the precision asked for. */
export interface EvaluatedValue {
  readonly type: TensorType;
  readonly data: EvaluationArray;
}

/** Outputs of one op on constant inputs, in their own types; floats are computed in float64 and rounded once. */
export function evaluateNode(op: OpName, attributes: Attributes, inputs: readonly Tensor[]): Tensor[] {
  const values = inputs.map((tensor) => ({ type: tensor, data: decodeData(tensor) }));
  return new NodeEvaluator('float64')
    .evaluate(op, attributes, values)
    .map(({ type, data }) => makeTensor(type.dtype, type.shape, encodeData(type.dtype, data)));
}

/**
 * Outputs of a graph by their public names. `feeds` holds a tensor for every graph input, by name; a missing one or one
 * of another type is a RangeError.
 */
export function evaluateGraph(
  graph: Graph,
  feeds: ReadonlyMap<string, Tensor>,
  precision: Precision,
): Map<string, EvaluatedValue> {
  const evaluator = new NodeEvaluator(precision);
  const live = new Map<ValueId, EvaluatedValue>();
  for (const id of graph.inputs) {
    const { name, type } = findValue(graph, id);
    const feed = feeds.get(name);
    if (feed === undefined || printType(feed) !== printType(type)) {
      throw new RangeError(`input "${name}" needs ${printType(type)}, got ${feed ? printType(feed) : 'nothing'}`);
    }
    live.set(id, { type, data: toPrecision(type.dtype, decodeData(feed), precision) });
  }
  const read = (id: ValueId): EvaluatedValue => {
    const found = live.get(id);
    if (found) return found;
    const tensor = graph.constants.get(id);
    if (tensor === undefined) throw new Error(`internal: value ${id} is read before it is computed`);
    return { type: tensor, data: toPrecision(tensor.dtype, decodeData(tensor), precision) };
  };
  const lastUses = findLastUses(graph);
  graph.nodes.forEach((node, position) => {
    const outputs = evaluator.evaluate(node.op, node.attributes, node.inputs.map(read));
    node.outputs.forEach((id, i) => {
      const output = outputs[i];
      if (output) live.set(id, output);
    });
    for (const id of [...node.inputs, ...node.outputs]) if ((lastUses.get(id) ?? -1) <= position) live.delete(id);
  });
  return new Map(graph.outputs.map(({ name, value }) => [name, read(value)]));
}

function findValue(graph: Graph, id: ValueId): { readonly name: string; readonly type: TensorType } {
  const value = graph.values.get(id);
  if (value === undefined) throw new Error(`internal: no value ${id}`);
  return value;
}

/** Position of the last node that reads each value; infinite for graph outputs. */
function findLastUses(graph: Graph): ReadonlyMap<ValueId, number> {
  const uses = new Map<ValueId, number>();
  graph.nodes.forEach((node, position) => {
    for (const id of node.inputs) uses.set(id, position);
  });
  for (const { value } of graph.outputs) uses.set(value, Infinity);
  return uses;
}

function toPrecision(dtype: DType, data: EvaluationArray, precision: Precision): EvaluationArray {
  if (!isFloat(dtype)) return data;
  if (precision === 'float32') return data instanceof Float32Array ? data : Float32Array.from(data, Number);
  return data;
}

function allocate(dtype: DType, shape: Shape, precision: Precision): EvaluationArray {
  const count = elementCount(shape);
  if (isFloat(dtype)) return precision === 'float32' ? new Float32Array(count) : new Float64Array(count);
  return new dtypes[dtype].array(count);
}

/** One kernel of an op: which buffers it reads and where it writes. Buffers count inputs first, then scratch and outputs. */
interface Stage {
  readonly run: CompiledNest;
  readonly buffers: readonly number[];
  readonly type: TensorType;
}

interface CompiledNode {
  readonly stages: readonly Stage[];
  /** buffer of each output */
  readonly outputs: readonly number[];
}

/** Evaluates nodes; nodes of equal op, attributes and types share their compiled kernels. */
class NodeEvaluator {
  private readonly compiled = new Map<string, CompiledNode>();
  private readonly precision: Precision;

  constructor(precision: Precision) {
    this.precision = precision;
  }

  evaluate(op: OpName, attributes: Attributes, inputs: readonly EvaluatedValue[]): EvaluatedValue[] {
    const key = keyOf(op, attributes, inputs);
    const node = this.compiled.get(key) ?? compileNode(op, attributes, inputs);
    this.compiled.set(key, node);
    const values: EvaluatedValue[] = [...inputs];
    for (const { run, buffers, type } of node.stages) {
      const data = allocate(type.dtype, type.shape, this.precision);
      run([data, ...buffers.map((i) => at(values, i).data)]);
      values.push({ type, data });
    }
    return node.outputs.map((i) => at(values, i));
  }
}

function at<T>(list: readonly T[], i: number): T {
  const found = list[i];
  if (found === undefined) throw new Error(`internal: no entry ${i} of ${list.length}`);
  return found;
}

/** Array classes are part of the key, so that each printed kernel sees one class per buffer and stays fast. */
function keyOf(op: OpName, attributes: Attributes, inputs: readonly EvaluatedValue[]): string {
  const exact = (_: string, v: unknown): unknown =>
    typeof v === 'number' && (!Number.isFinite(v) || Object.is(v, -0)) ? `number ${Object.is(v, -0) ? '-0' : v}` : v;
  const types = inputs.map((x) => `${printType(x.type)} ${x.data.constructor.name}`);
  return JSON.stringify([op, attributes, types], exact);
}

function compileNode(op: OpName, attributes: Attributes, inputs: readonly EvaluatedValue[]): CompiledNode {
  const operands = inputs.map((x, id) => makeOperand(id, x.type));
  const types = inputs.map((x) => x.type);
  const results = ops[op].infer(types, attributes);
  const buffers: TensorType[] = [...types];
  const stages: Stage[] = [];
  const add = (meaning: Meaning, type: TensorType): number => {
    stages.push(compileStage(op, meaning, type, buffers));
    buffers.push(type);
    return buffers.length - 1;
  };
  const outputs = ops[op].meaning(operands, attributes).map((meaning, i) => {
    let next = buffers.length;
    const split = splitReductions(meaning, () => next++);
    for (const part of split.parts) {
      const shape = part.meaning.axes.map((axis) => axis.extent);
      add(part.meaning, tensorType(part.meaning.value.dtype, shape));
    }
    return add(split.meaning, at(results, i));
  });
  return { stages, outputs };
}

function compileStage(name: string, meaning: Meaning, type: TensorType, buffers: readonly TensorType[]): Stage {
  const used: number[] = [];
  const placementOf = (source: number): Placement => {
    if (!used.includes(source)) used.push(source);
    return { slot: used.indexOf(source) + 1, offset: 0, strides: rowMajorStrides(at(buffers, source).shape) };
  };
  const output: Placement = { slot: 0, offset: 0, strides: rowMajorStrides(type.shape) };
  const slots: Slot[] = [{ name: 'y', dtype: type.dtype, access: 'write' }];
  const nest = nestOfMeaning(name, slots, meaning, placementOf, output);
  for (const source of used) slots.push({ name: `x${source}`, dtype: at(buffers, source).dtype, access: 'read' });
  return { run: compileNest(nest), buffers: used, type };
}
