import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Parameter, Parameters } from '../parameters.ts';
import { rolesOf } from '../roles.ts';
import type { Gradients, Method } from './method.ts';

/**
 * Sharpness-aware minimisation (Foret et al., arXiv 2010.01412; before compression: papers.md 4.9). Each step goes down the
 * gradient at the worst point nearby,
 *
 *     e = rho g / ||g||,   w <- w - rate grad L(w + e),
 *
 * norms being those of all parameters together. Adaptive (ASAM, Kwon et al., arXiv 2102.11600) the neighbourhood of a weight is
 * as wide as the weight is large: e = rho T^2 g / ||T g|| with T = |w| + 0.01 for weights that decay, 1 for all others.
 * A step takes two passes; running statistics follow the first, that at w.
 */
export interface SamOptions {
  /** 0.05 by default, 0.5 where adaptive */
  readonly rho?: number;
  readonly adaptive?: boolean;
}

/** Looks for flat minima: steps go by the gradient at the worst point nearby (`SamOptions`). @throws LccError LCC8007 */
export function sam({ adaptive = false, rho = adaptive ? 0.5 : 0.05 }: SamOptions = {}): Method {
  if (!(rho > 0 && Number.isFinite(rho)))
    throw methodOptionsInvalid('sam', `rho ${rho} is not above 0`, 'Give a rho such as 0.05.');
  return {
    name: 'sam',
    settings: { adaptive, rho },
    prepare(graph) {
      if (![...rolesOf(graph).values()].some(({ kind }) => kind === 'learnt'))
        throw methodFindsNothing('sam', 'a weight that training moves');
      return {
        graph,
        async around(parameters, gradients) {
          const here = await gradients();
          const before = parameters.learnt.map(({ values }) => values.slice());
          const statistics = parameters.statistics.map(({ values }) => values.slice());
          if (!climb(parameters, here, rho, adaptive)) return here;
          const there = await gradients();
          restore(parameters, before, statistics);
          return { loss: Number.isFinite(there.loss) ? here.loss : there.loss, of: there.of };
        },
        finish: (trained) => ({ graph: trained, notes: [] }),
      };
    },
  };
}

/** What keeps T of small weights from vanishing. */
const floor = 0.01;

/** w + e; false where there is no direction. */
function climb(parameters: Parameters, { of }: Gradients, rho: number, isAdaptive: boolean): boolean {
  const widthOf = ({ decays, values }: Parameter, i: number): number =>
    isAdaptive && decays ? Math.abs(values[i] ?? 0) + floor : 1;
  let sum = 0;
  parameters.learnt.forEach((parameter, p) => {
    of[p]?.forEach((g, i) => {
      sum += (widthOf(parameter, i) * g) ** 2;
    });
  });
  const norm = Math.sqrt(sum);
  if (!(norm > 0 && Number.isFinite(norm))) return false;
  parameters.learnt.forEach((parameter, p) => {
    const gradient = of[p];
    if (!gradient) return;
    const { values } = parameter;
    gradient.forEach((g, i) => {
      values[i] = (values[i] ?? 0) + (rho * widthOf(parameter, i) ** 2 * g) / norm;
    });
    parameters.update(parameter);
  });
  return true;
}

function restore(parameters: Parameters, learnt: readonly Float32Array[], statistics: readonly Float32Array[]): void {
  parameters.learnt.forEach((parameter, p) => {
    parameter.values.set(learnt[p] ?? []);
    parameters.update(parameter);
  });
  parameters.statistics.forEach(({ id, values, shape }, s) => {
    values.set(statistics[s] ?? []);
    parameters.replace(id, values, shape);
  });
}
