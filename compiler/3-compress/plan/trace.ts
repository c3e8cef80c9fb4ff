import type { Graph } from '../../ir/graph.ts';
import type { Feeds, MakeRunner } from '../../ir/trial.ts';
import { plannedChoices } from './choices.ts';
import { makeJudge } from './judge.ts';
import { storingPasses } from './quantise.ts';
import { decisionsOf, type TrialMemory } from './trial-memory.ts';
import type { Build, Made } from './trials.ts';

/** The graph after a pass, and before the exact passes that a structural one is followed by. */
export interface Traced extends Made {
  readonly unfolded?: Graph;
}

/** The graph after every pass of a result that acted, by replaying its decisions. */
export function tracePasses(graph: Graph, build: Build, { actions }: Made): Traced[] {
  const passes: Traced[] = [];
  const whole = build(plannedChoices(actions, new Set()), (after) =>
    passes.push({ graph: after.draft.graph(), unfolded: after.unfolded(), actions: after.actions }),
  );
  const stored = whole.actions.filter(({ pass }) => storingPasses.includes(pass));
  const equalised = whole.actions.filter(({ pass }) => pass === 'equalise-channels');
  if (equalised.length > 0) {
    const exact = actions.filter(({ pass }) => !storingPasses.includes(pass));
    passes.push({ graph: build(plannedChoices(exact, new Set())).graph, actions: equalised });
  }
  return [...passes, { graph: stored.length > 0 ? whole.graph : graph, actions: stored }];
}

/** Actions and inputs that are traced at most: every action is a build. */
const most = { actions: 64, inputs: 32 };

/** Relative error of the outputs after the first action, the first two, and so on; none where there are too many. */
export async function traceActions(
  graph: Graph,
  build: Build,
  { actions }: Made,
  inputs: readonly Feeds[],
  makeRunner: MakeRunner,
  memory: Pick<TrialMemory, 'errors'>,
): Promise<readonly number[]> {
  if (actions.length > most.actions) return [];
  const decisions = decisionsOf(actions);
  const known = memory.errors.recall(JSON.stringify(decisions));
  if (known) return known;
  const judge = await makeJudge(graph, inputs.slice(0, most.inputs), undefined, makeRunner);
  const errors: number[] = [];
  for (let count = 1; count <= actions.length; count++) {
    const made = build(plannedChoices(actions.slice(0, count), new Set()));
    errors.push((await judge(made.graph)).error);
  }
  memory.errors.remember(JSON.stringify(decisions), errors);
  return errors;
}
