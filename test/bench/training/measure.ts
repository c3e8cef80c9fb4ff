import { evaluateGraph } from '../../../compiler/2-train/evaluate.ts';
import type { Metric } from '../../../compiler/data/metrics/metric.ts';
import { perplexity } from '../../../compiler/data/metrics/perplexity.ts';
import { top1 } from '../../../compiler/data/metrics/top-k.ts';
import type { Graph } from '../../../compiler/ir/graph.ts';
import type { OpenStudyData } from './data.ts';
import { accuracyOf } from './train-arm.ts';

/** By what a study compares its networks. */
export interface Measure {
  /** its figure's name */
  readonly name: string;
  readonly metric: Metric;
  /** a difference that is none, and how it is written */
  readonly slight: { readonly value: number; readonly text: string };
  /** on the test samples */
  of(graph: Graph, data: OpenStudyData): Promise<number>;
  print(value: number): string;
}

export const accuracy: Measure = {
  name: 'accuracy',
  metric: top1,
  slight: { value: 0.1, text: '0.1 points' },
  of: accuracyOf,
  print: (value) => `${value.toFixed(2)} %`,
};

/** exp of a token's mean cross-entropy; lower is better. */
export const tokenPerplexity: Measure = {
  name: 'perplexity',
  metric: perplexity,
  slight: { value: 0.05, text: '0.05' },
  of: (graph, { test }) => evaluateGraph(graph, test, perplexity),
  print: (value) => value.toFixed(2),
};
