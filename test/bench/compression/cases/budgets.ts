import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { compile } from '../../../../compiler/compile.ts';
import { LccError } from '../../../../compiler/diagnostics/index.ts';
import type { Feeds } from '../../../../compiler/ir/trial.ts';
import { makeRandom } from '../../../harness/random.ts';
import type { BenchCase, Goal, Places } from '../case.ts';
import { target } from '../classifier-build.ts';
import { readEnlargedImages } from '../enlarged-images.ts';
import { fashionMnist, mnist, trainingImages } from '../image-sources.ts';
import { percent, shippedBytes } from '../measure-bundle.ts';
import { realModels } from '../real-models.ts';

const budgetCount = 10;
const digitCount = 500;
/** Large inputs, which take long to run. */
const pictureCount = 16;
/** Below what the code alone takes. */
const hopeless = 3000;

interface Subject {
  readonly name: string;
  readonly file: string;
  readonly calibration: string | readonly Feeds[];
}

/**
 * For each model random budgets between the smallest result of a sweep and the exact build, all with one cache, and one
 * budget that cannot be met.
 */
const makeBudgets = (name: string, data: string, subjectsOf: (places: Places) => readonly Subject[]): BenchCase => ({
  name,
  run: async (places) => {
    const measured = [];
    for (const subject of subjectsOf(places))
      measured.push({ name: subject.name, ...(await measure(await readFile(subject.file), subject.calibration)) });
    return {
      data: `${data}, no labels`,
      table: [
        ['model', 'budget', 'shipped bytes', 'of the budget', 'relative error', 'attempts', 'compile'],
        ...measured.flatMap(({ name: model, sweepSeconds, attempts, runs }) => [
          [model, 'sweep', '', '', '', String(attempts), `${sweepSeconds.toFixed(0)} s`],
          ...runs.map((r) => [
            model,
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
      figures: Object.fromEntries(measured.map(({ name: model, ...figures }) => [model, figures])),
    };
  },
});

export const budgets = makeBudgets(
  'budgets',
  `MNIST: calibration ${digitCount} training images`,
  ({ shared, trained }) =>
    [join(shared, 'models', 'burn-mnist.onnx'), join(trained, 'residual-mlp.onnx')].map((file) => ({
      name: basename(file, '.onnx'),
      file,
      calibration: trainingImages(shared, mnist, 0, digitCount),
    })),
);

export const fashionBudgets = makeBudgets(
  'budgets-fashion',
  `Fashion-MNIST: calibration ${digitCount} training images`,
  ({ shared, trained }) => [
    {
      name: 'fashion-mlp',
      file: join(trained, 'fashion-mlp.onnx'),
      calibration: trainingImages(shared, fashionMnist, 0, digitCount),
    },
  ],
);

export const pictureBudgets = makeBudgets(
  'budgets-pictures',
  `CIFAR-10 training images enlarged bilinearly: ${pictureCount} calibrate`,
  ({ shared }) => {
    const images = readEnlargedImages(shared);
    return realModels.map(({ name, feedsOf }) => ({
      name,
      file: join(shared, 'models', `${name}.onnx`),
      calibration: Array.from({ length: pictureCount }, (_, i) => feedsOf(images, i)),
    }));
  },
);

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

async function measure(model: Uint8Array, calibration: Subject['calibration']) {
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
