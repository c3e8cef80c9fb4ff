import type { MakeModel } from '../../../../compiler/2-train/models/index.ts';
import { models } from '../../../../compiler/2-train/models/index.ts';
import { adam } from '../../../../compiler/2-train/optimisers/index.ts';
import { constantRate } from '../../../../compiler/2-train/schedules.ts';
import { selectSamples } from '../../../../compiler/data/data-set.ts';
import type { Arm, Results, Study, StudyGoal } from '../study.ts';
import { parametersOf, trainArm } from '../train-arm.ts';

/** Examples of an epoch; the first of two epochs warms up. */
const examples = 6400;

/** Forward, gradients and Adam on batches of 128. */
const arm = (name: string, make: MakeModel): Arm => ({
  name,
  async run(context) {
    const graph = make(context.seed);
    const { train, validation } = await context.data.open(graph);
    const few = selectSamples(
      train,
      Array.from({ length: examples }, (_, i) => i),
    );
    const some = selectSamples(validation, [0]);
    const settings = { optimiser: adam(), schedule: constantRate(), epochs: 2 };
    const { history } = await trainArm(graph, { train: few, validation: some, test: some }, context, settings);
    return {
      figures: { parameters: parametersOf(graph), 'examples per second': history.at(-1)?.examplesPerSecond ?? 0 },
    };
  },
});

const mlp = '784-256-256-10';
const cnn = 'two convolutions of 32 and 64 channels, dense 10';

export const speedStudy: Study = {
  name: 'speed',
  title: 'Examples a second, batches of 128, Adam',
  runs: [{ data: 'mnist', seeds: [1] }],
  arms: [
    arm(mlp, models.mlp({ inputs: [1, 28, 28], hidden: [256, 256], classes: 10 })),
    arm(cnn, models.cnn({ inputs: [1, 28, 28], channels: [32, 64], dense: [], classes: 10 })),
  ],
  columns: [
    { figure: 'parameters', title: 'parameters', print: (v) => String(Math.round(v)) },
    { figure: 'examples per second', title: 'examples a second', print: (v) => String(Math.round(v)) },
  ],
  goals: speedGoals,
};

function speedGoals(results: Results): readonly StudyGoal[] {
  const goal = (name: string, wanted: number): StudyGoal[] =>
    (results.get(name) ?? []).map((figures) => {
      const found = Number(figures['examples per second']);
      return {
        goal: `${name}: at least ${wanted} examples a second`,
        measured: found.toFixed(0),
        isMet: found >= wanted,
      };
    });
  return [...goal(mlp, 5000), ...goal(cnn, 300)];
}
