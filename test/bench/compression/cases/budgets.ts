import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { compile } from '../../../../compiler/compile.ts';
import { LccError } from '../../../../compiler/diagnostics/index.ts';
import { makeRandom } from '../../../harness/random.ts';
import type { BenchCase } from '../case.ts';
import { target } from '../classifier-build.ts';
import { mnist, trainingImages } from '../image-sources.ts';
import { percent, shippedBytes } from '../measure-bundle.ts';

const budgetCount = 10;
const calibrationCount = 500;
/** Below what the code alone takes. */
const hopeless = 3000;

/** Random budgets between the smallest result of a sweep and the exact build of burn-mnist; then one that cannot be met. */
export const budgets: BenchCase = {
  name: 'budgets',
  run: async ({ shared }) => {
    const model = await readFile(join(shared, 'models', 'burn-mnist.onnx'));
    const calibration = trainingImages(shared, mnist, 0, calibrationCount);
    const build = async (maxSize: number | undefined) => {
      const start = performance.now();
      const goal = maxSize === undefined ? { sweep: true } : { maxSize };
      const bundle = await compile(model, { target, calibration, ...goal });
      return { bundle, seconds: (performance.now() - start) / 1000 };
    };
    const swept = await build(undefined);
    const { tradeOff = [], before } = swept.bundle.report.compression ?? {};
    const smallest = tradeOff[0]?.size ?? Number.NaN;
    const largest = before?.size ?? Number.NaN;
    const random = makeRandom(3);
    const runs = [];
    for (let i = 0; i < budgetCount; i++) {
      // evenly in the logarithm: small budgets are the hard ones
      const budget = Math.round(smallest * (largest / smallest) ** random.real());
      const { bundle, seconds } = await build(budget);
      const last = bundle.report.compression?.steps.at(-1);
      const shipped = await shippedBytes(bundle);
      process.stderr.write(`  budget ${budget}: ${shipped}, ${seconds.toFixed(0)} s\n`);
      runs.push({
        budget,
        estimatedBytes: last?.size,
        shippedBytes: shipped,
        share: shipped / budget,
        error: last?.error ?? 0,
        attempts: bundle.report.compression?.attempts,
        seconds,
      });
    }
    const refusal = await build(hopeless).then(
      () => 'none',
      (error: unknown) => (error instanceof LccError ? error.message : String(error)),
    );
    const met = runs.filter(({ shippedBytes: bytes, budget }) => bytes <= budget).length;
    const shares = runs.map(({ share }) => share);
    return {
      data: `MNIST: calibration ${calibrationCount} training images, no labels`,
      table: [
        ['budget', 'shipped bytes', 'of the budget', 'relative error', 'attempts', 'compile'],
        ...runs.map((r) => [
          String(r.budget),
          String(r.shippedBytes),
          percent(r.share, 1),
          percent(r.error),
          String(r.attempts),
          `${r.seconds.toFixed(0)} s`,
        ]),
      ],
      goals: [
        {
          goal: 'ten random feasible budgets of burn-mnist are met',
          measured: `${met} of ${budgetCount}, at ${percent(Math.min(...shares), 1)} to ${percent(Math.max(...shares), 1)} of the budget`,
          isMet: met === budgetCount,
        },
        {
          goal: 'an infeasible budget is refused with the nearest result',
          measured: refusal,
          isMet: /LCC3003/.test(refusal) && /size: .* of /.test(refusal),
        },
      ],
      figures: { smallest, largest, sweepSeconds: swept.seconds, tradeOff, runs, refusal },
    };
  },
};
