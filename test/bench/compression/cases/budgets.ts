import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compile } from '../../../../compiler/compile.ts';
import { LccError } from '../../../../compiler/diagnostics/index.ts';
import { makeRandom } from '../../../harness/random.ts';
import type { BenchCase, Goal } from '../case.ts';
import { target } from '../classifier-build.ts';
import { mnist, trainingImages } from '../image-sources.ts';
import { percent, shippedBytes } from '../measure-bundle.ts';

const budgetCount = 10;
const calibrationCount = 500;
/** Below what the code alone takes. */
const hopeless = 3000;

/**
 * For each of two models random budgets between the smallest result of a sweep and the exact build, all with one cache,
 * and one budget that cannot be met.
 */
export const budgets: BenchCase = {
  name: 'budgets',
  run: async ({ shared, trained }) => {
    const subjects = [
      { name: 'burn-mnist', file: join(shared, 'models', 'burn-mnist.onnx'), images: mnist },
      { name: 'residual-mlp', file: join(trained, 'residual-mlp.onnx'), images: mnist },
    ];
    const measured = [];
    for (const { name, file, images } of subjects)
      measured.push({
        name,
        ...(await measure(await readFile(file), trainingImages(shared, images, 0, calibrationCount))),
      });
    return {
      data: `MNIST: calibration ${calibrationCount} training images, no labels`,
      table: [
        ['model', 'budget', 'shipped bytes', 'of the budget', 'relative error', 'attempts', 'compile'],
        ...measured.flatMap(({ name, sweepSeconds, attempts, runs }) => [
          [name, 'sweep', '', '', '', String(attempts), `${sweepSeconds.toFixed(0)} s`],
          ...runs.map((r) => [
            name,
            String(r.budget),
            String(r.shippedBytes),
            percent(r.share, 1),
            percent(r.error),
            String(r.attempts),
            `${r.seconds.toFixed(0)} s`,
          ]),
        ]),
      ],
      goals: measured.flatMap(goalsOf),
      figures: Object.fromEntries(measured.map(({ name, ...figures }) => [name, figures])),
    };
  },
};

type Measured = Awaited<ReturnType<typeof measure>>;

function goalsOf({ name, runs, refusal }: Measured & { readonly name: string }): Goal[] {
  const met = runs.filter((run) => run.shippedBytes <= run.budget).length;
  const shares = runs.map(({ share }) => share);
  const seconds = runs.map((run) => run.seconds);
  return [
    {
      goal: `ten random feasible budgets of ${name} are met`,
      measured: `${met} of ${budgetCount}, at ${percent(Math.min(...shares), 1)} to ${percent(Math.max(...shares), 1)} of the budget, ${Math.min(...seconds).toFixed(0)} to ${Math.max(...seconds).toFixed(0)} s each`,
      isMet: met === budgetCount,
    },
    {
      goal: `an infeasible budget of ${name} is refused with the nearest result`,
      measured: refusal,
      isMet: /LCC3003/.test(refusal) && /size: .* of /.test(refusal),
    },
  ];
}

async function measure(model: Uint8Array, calibration: string) {
  const cache = await mkdtemp(join(tmpdir(), 'lcc-budgets-'));
  try {
    const build = async (maxSize: number | undefined) => {
      const start = performance.now();
      const goal = maxSize === undefined ? { sweep: true } : { maxSize };
      const bundle = await compile(model, { target, calibration, cache, ...goal });
      return { bundle, seconds: (performance.now() - start) / 1000 };
    };
    const swept = await build(undefined);
    const { tradeOff = [], before, attempts } = swept.bundle.report.compression ?? {};
    const smallest = tradeOff[0]?.size ?? Number.NaN;
    const largest = before?.size ?? Number.NaN;
    const random = makeRandom(3);
    const runs = [];
    for (let i = 0; i < budgetCount; i++) {
      // evenly in the logarithm: small budgets are the hard ones
      const budget = Math.round(smallest * (largest / smallest) ** random.real());
      const { bundle, seconds } = await build(budget);
      const { compression } = bundle.report;
      const last = compression?.steps.at(-1);
      const shipped = await shippedBytes(bundle);
      process.stderr.write(`  budget ${budget}: ${shipped}, ${seconds.toFixed(0)} s\n`);
      runs.push({
        budget,
        estimatedBytes: last?.size,
        shippedBytes: shipped,
        share: shipped / budget,
        error: last?.error ?? 0,
        attempts: compression?.attempts,
        actions: compression?.actions.map(({ pass, place, level }) => `${pass} ${place}: ${level}`),
        seconds,
      });
    }
    const refusal = await build(hopeless).then(
      () => 'none',
      (error: unknown) => (error instanceof LccError ? error.message : String(error)),
    );
    return { smallest, largest, sweepSeconds: swept.seconds, attempts, tradeOff, runs, refusal };
  } finally {
    await rm(cache, { recursive: true });
  }
}
