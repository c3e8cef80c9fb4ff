import type { Graph } from '../../ir/graph.ts';
import type { NextAction, PlannedAction } from '../../ir/report.ts';
import type { Feeds, MakeRunner, MeasureSize, ShippedSize } from '../../ir/trial.ts';
import { passesWithPlaces } from '../structure.ts';
import { type Helpers, NotRemembered } from './ahead.ts';
import { type Arm, armsOf } from './arms.ts';
import { type Choices, ofSameKinds, plannedChoices, pricedChoices } from './choices.ts';
import { decisiveLoss, makeJudge, type Validation } from './judge.ts';
import { bestOf, efficient, excessOf, type Figures, isMet, nearestOf, wantsFit } from './limits.ts';
import { isLimited, type Limits, type Switches } from './options.ts';
import { noPrices, switchOf } from './prices.ts';
import { type Ahead, type Curve, expectedOffers, measureGrid, search } from './search.ts';
import { measureSensitivitiesByName } from './sensitivity-by-name.ts';
import type { Amount } from './steps.ts';
import { traceActions, tracePasses } from './trace.ts';
import { decisionsOf, type TrialMemory } from './trial-memory.ts';
import { type Builder, type Made, makeBuilder, makeTrials, type Trial, type Trials } from './trials.ts';
import { ascend, descend, expectedSteps, nextSteps, startsOf } from './walk.ts';

export interface CompressTask {
  /** verified, after the exact passes */
  readonly graph: Graph;
  readonly switches: Switches;
  readonly limits: Limits;
  /** decisions to replay; then nothing is searched */
  readonly plan: readonly PlannedAction[] | undefined;
  /** measure the whole range even without limits, for a table of size against loss */
  readonly sweeps: boolean;
  /** inputs for statistics and for the relative error; a fifth is held out for the latter */
  readonly calibration: readonly Feeds[];
  /** inputs that the relative error is measured on where there is no calibration data */
  readonly standIns: readonly Feeds[];
  readonly validation: Validation | undefined;
  readonly makeRunner: MakeRunner;
  readonly measureSize: MeasureSize;
  readonly memory: TrialMemory;
  /** who measure trials beside this thread; results are the same without */
  readonly helpers?: Helpers | undefined;
  /** throws where exact passes changed what a graph computes */
  readonly proveFolds: (before: Graph, after: Graph) => void;
  /**
   * Trains a network that has lost something to answer as the original does, on the first `count` calibration inputs: the
   * others are held out. Its graph keeps its form.
   */
  readonly finetune?: ((graph: Graph, count: number) => Promise<Graph>) | undefined;
  /** what is worked out that nothing remembers, as it begins */
  readonly onLook?: (what: string) => void;
  /** each different result of the search, as it is measured, and the share of all that is done, about */
  readonly onTrial?: (trial: Figures, count: number, done: number) => void;
}

/** The whole after each pass that acted. */
export interface PassStep extends Figures {
  readonly pass: Made['actions'][number]['pass'] | 'fine-tune';
  readonly actions: number;
}

export interface Compressed extends Made, Figures {
  readonly before: ShippedSize;
  /** relative error of the outputs after each action in turn; empty where there are too many to measure */
  readonly errors: readonly number[];
  readonly steps: readonly PassStep[];
  /** different results that were measured, smallest first, only those that no smaller one loses less than */
  readonly tradeOff: readonly Figures[];
  /** different results that were measured */
  readonly attempts: number;
  /** steps that were not taken; undefined where nothing was searched */
  readonly next: Record<Amount, NextAction[]> | undefined;
  /** false where nothing meets the limits, this being the nearest, or where the plan does not */
  readonly isFeasible: boolean;
  /** the whole before and after fine-tuning, where that was asked for; `after` is the result where it is kept */
  readonly finetuned?: { readonly isKept: boolean; readonly before: Figures; readonly after: Figures } | undefined;
  /** decisions of the plan that the graph has no place or level for */
  readonly missing: readonly PlannedAction[];
}

/** Held-out calibration inputs at most. */
const mostHeldOut = 200;
/** Inputs that sensitivities are measured on at most. */
const mostProbed = 32;

/**
 * Finds the smallest model within the allowed loss, or the one of least loss within the other limits. One price of a byte
 * decides every place at once (each takes the level of least error + price, errors weighted by measured sensitivities),
 * in several combinations of passes; the search moves price and combination until the measured whole meets the limits,
 * and walks from there place by place. Deterministic.
 */
export async function compress(task: CompressTask): Promise<Compressed> {
  const { graph, limits, switches, makeRunner } = task;
  const { builder, trials, measure, before, samples, heldOut } = await openSearch(task);
  const { build } = builder;
  const missing = new Set<PlannedAction>();
  let others = 0;
  const make = async (choices: Choices): Promise<Made & Figures> => {
    const made = build(choices);
    others++;
    return { ...made, ...(await measure(made.graph)) };
  };
  const decide = async (): Promise<Made & Figures & Pick<Compressed, 'isFeasible' | 'next'>> => {
    if (task.plan) {
      const made = await make(plannedChoices(task.plan, missing));
      for (const decision of notEqualised(task.plan, made)) missing.add(decision);
      return { ...made, isFeasible: isMet(made, limits), next: undefined };
    }
    const arms = armsFor(graph, switches);
    const ahead = aheadOf(trials);
    const curves = task.sweeps || isLimited(limits) ? await measureGrid(limits, arms, trials.at, ahead) : [];
    // Without limits passes act only as they are forced to.
    if (!isLimited(limits)) {
      return { ...(await make(forcedChoices(arms, switches))), isFeasible: true, next: undefined };
    }
    const { trial, isFeasible } = await findBest(limits, before, curves, trials);
    const made = build(plannedChoices(trial.decisions, new Set()));
    return { ...made, size: trial.size, loss: trial.loss, isFeasible, next: nextSteps(trial, trials) };
  };
  const { isFeasible, next, ...chosen } = await decide();
  const steps: PassStep[] = [];
  const done: PlannedAction[] = [];
  for (const { graph: current, actions, unfolded } of tracePasses(graph, build, chosen)) {
    const [first] = actions;
    if (!first) continue;
    if (unfolded) task.proveFolds(unfolded, current);
    done.push(...decisionsOf(actions));
    const question = JSON.stringify(done);
    const figures = task.memory.figures.recall(question) ?? (await measure(current));
    task.memory.figures.remember(question, figures);
    steps.push({ pass: first.pass, actions: actions.length, ...figures });
  }
  const errors = await traceActions(graph, build, chosen, heldOut, makeRunner, task.memory);
  const { finetune: train } = task;
  const tuned = train && (await finetune((one) => train(one, samples.length), builder, chosen, measure));
  if (tuned) task.onTrial?.(tuned, trials.all().length + 1, 1);
  const isKept = tuned !== undefined && isMet(tuned, limits) && decisiveLoss(tuned.loss) < decisiveLoss(chosen.loss);
  if (isKept) steps.push({ pass: 'fine-tune', actions: 0, size: tuned.size, loss: tuned.loss });
  const all = trials.all();
  return {
    ...chosen,
    ...(isKept && tuned),
    finetuned: tuned && { isKept, before: chosen, after: tuned },
    before,
    errors,
    steps,
    tradeOff: efficient(all),
    attempts: all.length + others,
    next,
    isFeasible,
    missing: [...missing],
  };
}

/** What trials are made of. */
export type SearchTask = Pick<
  CompressTask,
  | 'graph'
  | 'switches'
  | 'limits'
  | 'calibration'
  | 'standIns'
  | 'validation'
  | 'makeRunner'
  | 'measureSize'
  | 'memory'
  | 'helpers'
  | 'onLook'
  | 'onTrial'
>;

interface Search {
  readonly builder: Builder;
  readonly trials: Trials;
  readonly measure: (graph: Graph) => Promise<Figures>;
  /** the original's */
  readonly before: ShippedSize;
  /** inputs for statistics */
  readonly samples: readonly Feeds[];
  /** inputs for the relative error */
  readonly heldOut: readonly Feeds[];
}

/** Measures the original, and what the outputs' error is relative to. */
export async function openSearch(task: SearchTask): Promise<Search> {
  const { graph, calibration, makeRunner, memory, onLook = () => {} } = task;
  const heldOutCount = Math.min(mostHeldOut, Math.floor(calibration.length / 5));
  const samples = calibration.slice(0, calibration.length - heldOutCount);
  const known = samples.length > 0 ? samples : task.standIns;
  const heldOut = heldOutCount > 0 ? calibration.slice(-heldOutCount) : known;
  const judge = await makeJudge(graph, heldOut, task.validation, makeRunner);
  const measure = async (made: Graph): Promise<Figures> => {
    const size = task.measureSize(made);
    return { loss: await judge(made), size: await size };
  };
  const sensitivityOf = measureSensitivitiesByName(graph, samples.slice(0, mostProbed), makeRunner, memory, onLook);
  const builder = makeBuilder(graph, samples, makeRunner, { sensitivityOf, memory, onLook });
  const before = await task.measureSize(graph);
  const trials = makeTrials({
    switches: task.switches,
    limits: task.limits,
    size: before,
    draft: builder.draft,
    draftRemembered: makeBuilder(graph, samples, runNothing, { sensitivityOf, memory }).draft,
    helpers: task.helpers,
    measure,
    memory,
    expected: expectedOffers(task.limits, armsFor(graph, task.switches)) + expectedSteps,
    onTrial: task.onTrial ?? (() => {}),
  });
  return { builder, trials, measure, before, samples, heldOut };
}

const runNothing: MakeRunner = () => {
  throw new NotRemembered('what a graph computes');
};

const aheadOf = ({ begin, rehearse }: Trials): Ahead => ({
  begin: (offers) => begin(offers.map((offer) => ({ offer, overrides: new Map() }))),
  rehearse,
});

/** What was chosen, trained on before its constants are stored as they were. */
async function finetune(
  train: (graph: Graph) => Promise<Graph>,
  { build, store }: Builder,
  { actions }: Made,
  measure: (graph: Graph) => Promise<Figures>,
): Promise<Pick<Made, 'graph'> & Figures> {
  const choices = ofSameKinds(actions);
  const { graph: structured } = build({ ...choices, stores: false });
  const trained = await train(structured);
  const { graph } = choices.stores ? store(trained, choices) : { graph: trained };
  return { graph, ...(await measure(graph)) };
}

/** Layers that a plan scales the inputs of, and that are not there. */
const notEqualised = (plan: readonly PlannedAction[], { actions }: Made): PlannedAction[] =>
  plan.filter(
    ({ pass, place }) => pass === 'equalise-channels' && !actions.some((a) => a.pass === pass && a.place === place),
  );

/** The best of a search by price and of walks from there; where nothing meets the limits the nearest. */
async function findBest(
  limits: Limits,
  before: ShippedSize,
  curves: readonly Curve<Trial>[],
  trials: Trials,
): Promise<{ readonly trial: Trial; readonly isFeasible: boolean }> {
  await search(limits, curves, trials.at, aheadOf(trials));
  for (const start of startsOf(limits, trials.all())) await descend(limits, start, trials);
  // for nothing only what is forced is done: no price that a search tries is as low
  const arm = curves.at(-1)?.arm;
  const isWanted = wantsFit(limits) || !bestOf(limits, trials.all());
  if (arm && isWanted && excessOf({ size: before }, limits) <= 0)
    await trials.at({ arm, price: 0, structure: 1, bytes: 1 });
  const met = bestOf(limits, trials.all());
  if (met) await ascend(limits, met, trials);
  const best = bestOf(limits, trials.all());
  const trial = best ?? nearestOf(limits, trials.all());
  if (!trial) throw new RangeError('internal: a search without trials');
  return { trial, isFeasible: best !== undefined };
}

/** The passes that have a place, by what the options say of them. */
function armsFor(graph: Graph, switches: Switches): Arm[] {
  const passes = passesWithPlaces(graph).filter((pass) => switchOf(pass, switches) !== 'off');
  const free = passes.filter((pass) => switchOf(pass, switches) === 'auto');
  return armsOf(
    passes.filter((pass) => !free.includes(pass)),
    free,
  );
}

/** The passes of the last arm, which has none but those that are forced, at no price. */
const forcedChoices = (arms: readonly Arm[], switches: Switches): Choices =>
  pricedChoices(arms.at(-1)?.passes ?? new Set(), switches, noPrices);
