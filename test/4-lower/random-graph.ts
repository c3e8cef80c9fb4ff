import { GraphBuilder } from '../../compiler/ir/build.ts';
import type { Graph, ValueId } from '../../compiler/ir/graph.ts';
import type { Attributes, OpName } from '../../compiler/ops/index.ts';
import { OpError } from '../../compiler/ops/op.ts';
import { elementCount, shapeOf, sizesOf } from '../../compiler/tensor/shape.ts';
import { makeTensor, type Tensor } from '../../compiler/tensor/tensor.ts';
import { makeRandom, type Random } from '../harness/random.ts';
import { moves } from './random-moves.ts';

export interface RandomGraph {
  readonly graph: Graph;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

const largest = 6000;

/** Adds float values to a graph and remembers which can be read on. */
export class Draft {
  readonly builder = new GraphBuilder('random');
  readonly feeds: Record<string, Tensor> = {};
  readonly values: ValueId[] = [];
  readonly random: Random;

  constructor(random: Random) {
    this.random = random;
  }

  input(sizes: readonly number[]): ValueId {
    const name = `x${Object.keys(this.feeds).length}`;
    const tensor = this.floats(sizes);
    this.feeds[name] = tensor;
    return this.keep(this.builder.input(name, { dtype: 'float32', shape: tensor.shape }));
  }

  floats(sizes: readonly number[], low = -1, high = 1): Tensor {
    const shape = shapeOf(sizes);
    return makeTensor('float32', shape, this.random.reals(elementCount(shape), low, high));
  }

  constant(sizes: readonly number[], low = -1, high = 1): ValueId {
    return this.builder.constant(this.floats(sizes, low, high));
  }

  scalar(value: number): ValueId {
    return this.builder.constant(makeTensor('float32', [], Float32Array.of(value)));
  }

  integers(sizes: readonly number[], below: number): ValueId {
    const shape = shapeOf(sizes);
    const data = BigInt64Array.from({ length: elementCount(shape) }, () => BigInt(this.random.int(0, below - 1)));
    return this.builder.constant(makeTensor('int64', shape, data));
  }

  sizes(id: ValueId): number[] {
    return sizesOf(this.builder.type(id).shape);
  }

  add(op: OpName, inputs: readonly ValueId[], attributes: Attributes = {}): ValueId {
    return this.builder.add(op, inputs, attributes, op);
  }

  keep(id: ValueId): ValueId {
    this.values.push(id);
    return id;
  }
}

/** A graph of about `length` random ops over small tensors, with every unread value an output. */
export function randomGraph(seed: number, length: number): RandomGraph {
  const random = makeRandom(seed);
  const draft = new Draft(random);
  const isImage = random.chance(0.6);
  const channels = random.pick([1, 3, 4, 6, 8, 12]);
  const side = (): number => random.int(3, 9);
  draft.input(isImage ? [random.pick([1, 1, 2, 3]), channels, side(), side()] : [random.int(1, 3), side(), channels]);
  if (random.chance(0.3)) draft.input(draft.sizes(draft.values[0]!));
  if (random.chance(0.2)) draft.input([random.int(1, 5), side()]);
  if (random.chance(0.2)) draft.keep(draft.constant(draft.sizes(draft.values[0]!)));
  for (let i = 0; i < length; i++) {
    const x = random.chance(0.6) ? draft.values.at(-1)! : random.pick(draft.values);
    try {
      const result = random.pick(moves)(draft, x);
      if (result !== undefined && elementCount(draft.builder.type(result).shape) <= largest) draft.keep(result);
    } catch (error) {
      if (!(error instanceof OpError)) throw error; // a move that does not fit these sizes
    }
  }
  const built = draft.builder.build();
  const read = new Set(built.nodes.flatMap((node) => node.inputs));
  const unread = draft.values.filter((id) => !read.has(id));
  const extra = random.shuffle(draft.values).slice(0, random.pick([0, 0, 1, 2]));
  [...unread, ...extra].forEach((id, i) => {
    draft.builder.output(`y${i}`, id);
  });
  return { graph: draft.builder.build(), feeds: draft.feeds };
}
