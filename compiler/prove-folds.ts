import { checkFolds } from './3-compress/check-folds.ts';
import type { Graph } from './ir/graph.ts';
import type { Feeds } from './ir/trial.ts';
import { randomInputs } from './random-inputs.ts';
import { makeRunner } from './trial/make-runner.ts';

const inputCount = 2;

/**
 * Proves on random inputs and on `samples` that the exact passes kept what a model means; parity does that where nothing
 * is compressed. @throws LccError LCC9001
 */
export function proveFolds(meant: Graph, exact: Graph, samples: readonly Feeds[] = []): void {
  checkFolds(meant, exact, [...randomInputs(meant, inputCount), ...samples], makeRunner);
}
