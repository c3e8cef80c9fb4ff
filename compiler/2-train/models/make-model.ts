import type { Graph } from '../../ir/graph.ts';

/**
 * A network before training: a graph of batch 1 whose float32 constants are its parameters, and the mean and variance of
 * each batchNorm, at their start. Everything else that it needs is an attribute, an integer or a bool. Dimension 0 of what
 * depends on an input is the batch. Equal seeds give equal graphs.
 */
export type MakeModel = (seed: number) => Graph;

/** Channels, height, width. */
export type ImageSizes = readonly [number, number, number];
