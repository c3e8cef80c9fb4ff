import type * as tf from '@tensorflow/tfjs';
import type { Graph } from '../../ir/graph.ts';
import type { BatchFeeds, OwnConstants } from '../engine/execute.ts';
import type { Parameters } from '../parameters.ts';
import type { Random } from '../random.ts';
import type { Role } from '../roles.ts';

/** Ways to train for compression: what training changes, what it adds, and the way back to a plain graph. */
export interface Method {
  readonly name: string;
  /** its options: a checkpoint of others is refused */
  readonly settings: object;
  /** @throws LccError LCC8003 where the graph has nothing that the method works on */
  prepare(graph: Graph): Preparation;
}

/** All functions are called with the parameters of the graph that training runs, other methods' changes included. */
export interface Preparation {
  /** what is trained instead */
  readonly graph: Graph;
  /** of constants that do not have the role their place in the graph gives them, by name */
  readonly roles?: ReadonlyMap<string, Role>;
  /** Before the first step, and before the first after a checkpoint; `epoch` are done. */
  begin?(parameters: Parameters, epoch: number, epochs: number): void;
  /** factor of the loss that labels give; 1 where left out */
  readonly lossShare?: number;
  /** A term of the loss of a batch. */
  penalty?(parameters: Parameters, batch: Answered): tf.Scalar;
  /** What the network sees of a learnt constant; gradients that flow to it are those of the parameter (`passThrough`). */
  see?(name: string, parameter: Seen): Seen;
  /** Gradients of a step, from as many as it takes at other values, which it restores. */
  around?(parameters: Parameters, gradients: () => Promise<Gradients>): Promise<Gradients>;
  /** Before each step: values for constants of a fixed role. */
  draw?(parameters: Parameters, random: Random): void;
  /**
   * Before each step, after `draw`: tensors for constants of a fixed role of which every one of `count` samples has its own.
   * All gradients of the step are taken with them; then they are freed. What is evaluated has the constants themselves.
   */
  drawEach?(parameters: Parameters, count: number, random: Random): OwnConstants;
  /**
   * In each step, after its gradients and before the optimiser: looks at what the batch shows. Whatever reads a backend is
   * asynchronous: a GPU allows nothing else.
   */
  look?(parameters: Parameters, batch: Shown): Promise<void>;
  /** After each step of the optimiser, `rate` being its learning rate: changes values, then calls `parameters.update`. */
  afterStep?(parameters: Parameters, rate: number): void;
  /** After each epoch, counted from 1. */
  afterEpoch?(parameters: Parameters, epoch: number, epochs: number): void;
  /** How it stands, for the progress line and the log, such as `slopes 0.98 1.00`. */
  status?(parameters: Parameters): Readonly<Record<string, number>>;
  /** When training is over, however it ended: frees what was made. */
  end?(): void;
  /** The trained graph without what training needed, and what there is to say about it. */
  finish(graph: Graph): Finished;
}

/** A learnt constant on the backend, and the same in this process, which need not be read back. */
export interface Seen {
  readonly tensor: tf.Tensor;
  readonly values: () => Float32Array;
}

/** A batch that is to be learnt from. */
export interface Shown {
  /** [B, sizes...] by input */
  readonly feeds: BatchFeeds;
  /** what `drawEach` gave for this step */
  readonly own: OwnConstants;
}

/** A batch, and what the network answers. */
export interface Answered extends Shown {
  /** of the output that labels are for, [rows, K] */
  readonly outputs: tf.Tensor2D;
  /** [rows] classes, or quantities */
  readonly labels: tf.Tensor;
}

export interface Gradients {
  readonly loss: number;
  /** by parameter, in the order of `parameters.learnt`; undefined where the loss does not depend on it */
  readonly of: readonly (Float32Array | undefined)[];
}

export interface Finished {
  readonly graph: Graph;
  readonly notes: readonly string[];
}
