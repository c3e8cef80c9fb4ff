import { createColors } from 'picocolors';
import type { EpochReport } from '../2-train/train-network.ts';
import { printMetric } from '../data/metrics/print-metric.ts';
import { printWait } from '../quantity/duration.ts';
import type { TrainingStart } from '../train.ts';
import type { Io } from './io.ts';

export interface TrainingProgress {
  readonly start: (start: TrainingStart) => void;
  readonly step: (done: number, all: number) => void;
  readonly epoch: (report: EpochReport) => void;
}

/** A line for each epoch on stderr; on a terminal the one at work shows how far it is. */
export function makeTrainingProgress(io: Io): TrainingProgress {
  const colors = createColors(io.isTerminal);
  const clear = io.isTerminal ? '\r\u001b[2K' : '';
  let begun = performance.now();
  let first: number | undefined;
  let shown = 0;
  let metric = 'metric';
  return {
    start: ({ backend, parameters, samples, resumed, ...rest }) => {
      metric = rest.metric;
      io.stderr(`  ${colors.bold('backend')}  ${backend.name}: ${backend.reason}\n`);
      const data = `${samples.train} samples, ${samples.validation} validate${samples.test > 0 ? `, ${samples.test} test` : ''}`;
      io.stderr(`  ${colors.bold('network')}  ${parameters} parameters; ${data}\n`);
      if (resumed > 0) io.stderr(`  goes on after epoch ${resumed}\n`);
      begun = performance.now();
    },
    step: (done, all) => {
      first ??= done - 1;
      const now = performance.now();
      if (!io.isTerminal || now - shown < 200) return;
      shown = now;
      const left = ((now - begun) / (done - first)) * (all - done);
      io.stderr(`${clear}  ${colors.dim(`step ${done} of ${all}, ${printWait(left)} left`)}`);
    },
    epoch: ({ epoch, epochs, loss, validation, examplesPerSecond, seconds, status }) => {
      const parts = [
        `loss ${loss.toFixed(4)}`,
        `${metric} ${printMetric(metric, validation)}`,
        `${Math.round(examplesPerSecond)} samples/s`,
        `${seconds.toFixed(1)} s`,
        ...Object.entries(status).map(([name, value]) => `${name} ${value.toFixed(3)}`),
      ];
      const left = epoch < epochs ? `, ${printWait(1000 * seconds * (epochs - epoch))} left` : '';
      io.stderr(`${clear}  epoch ${epoch} of ${epochs}  ${parts.join(', ')}${left}\n`);
    },
  };
}

/** `78.56 %, 77.02 % on the test data` */
export const printStanding = (
  metric: string,
  { validation, test }: { readonly validation: number; readonly test?: number | undefined },
  of = '',
): string => {
  const held = test === undefined ? '' : `, ${printMetric(metric, test)} on the test data`;
  return `${printMetric(metric, validation)}${of}${held}`;
};

/** The first Ctrl-C ends the work at hand; a second one the process, as ever. */
export async function withInterrupt<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const stop = (): void => controller.abort();
  process.once('SIGINT', stop);
  try {
    return await work(controller.signal);
  } finally {
    process.removeListener('SIGINT', stop);
  }
}
