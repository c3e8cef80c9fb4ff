import type { GraphBuilder } from '../../../ir/build.ts';
import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { Unsupported } from '../../refusals.ts';
import type { Format, Sliding } from '../convolution.ts';
import { ImageEmitter, type Twins } from '../image-emitter.ts';
import type { Fields } from '../json.ts';

/** Turns one call of a layer into nodes of lcc. */
export type LayerImporter = (layer: LayerCall) => ValueId;

/** A weight that the model's files lack. */
export class MissingWeight extends Error {}

export interface LayerFacts {
  readonly name: string;
  readonly config: Fields;
  readonly inputs: readonly ValueId[];
  /** The layer's weight of this name, such as `kernel`; undefined where there is none. */
  readonly weight: (name: string) => ValueId | undefined;
}

/** A layer of the model where it is called once: its configuration, weights and inputs, and a way to emit. */
export class LayerCall extends ImageEmitter {
  readonly config: Fields;
  readonly inputs: readonly ValueId[];
  readonly #weight: LayerFacts['weight'];

  constructor(facts: LayerFacts, builder: GraphBuilder, twins: Twins) {
    super(facts.name, builder, twins);
    this.config = facts.config;
    this.inputs = facts.inputs;
    this.#weight = facts.weight;
  }

  /** The only input. */
  get x(): ValueId {
    const [x, ...rest] = this.inputs;
    if (x === undefined || rest.length > 0) throw new OpError(`it takes one input, not ${this.inputs.length}`);
    return x;
  }

  /** @throws MissingWeight */
  weight(name: string): ValueId {
    const weight = this.#weight(name);
    if (weight === undefined) throw new MissingWeight(name);
    return weight;
  }

  /** A weight that the layer has where its configuration says so. */
  optionalWeight(name: string, flag: string): ValueId | undefined {
    return this.config.boolean(flag, true) ? this.weight(name) : undefined;
  }

  get activation(): string {
    return this.config.string('activation', 'linear');
  }

  get format(): Format {
    const format = this.config.string('data_format', 'channels_last');
    if (format !== 'channels_last' && format !== 'channels_first') throw new Unsupported(`data_format is "${format}"`);
    return format === 'channels_last' ? 'last' : 'first';
  }

  /** One number for each of `rank` spatial dimensions; a single number counts for all. */
  perDimension(name: string, rank: number, fallback?: number): number[] {
    if (!this.config.has(name) && fallback !== undefined) return new Array<number>(rank).fill(fallback);
    const numbers = this.config.numbers(name);
    const [first = 0] = numbers;
    if (numbers.length === 1) return new Array<number>(rank).fill(first);
    if (numbers.length !== rank) throw new OpError(`${name} is [${numbers.join(',')}] for ${rank} dimensions`);
    return numbers;
  }

  /** How the window of a convolution of `rank` spatial dimensions moves. */
  sliding(rank: number): Sliding {
    return {
      strides: this.perDimension('strides', rank, 1),
      dilations: this.perDimension('dilation_rate', rank, 1),
      padding: this.padding,
      format: this.format,
    };
  }

  get padding(): 'same' | 'valid' | 'causal' {
    const padding = this.config.string('padding', 'valid');
    if (padding === 'same' || padding === 'valid' || padding === 'causal') return padding;
    throw new Unsupported(`padding is "${padding}"`);
  }
}
