import * as tf from '@tensorflow/tfjs';
import { methodFindsNothing, methodOptionsInvalid } from '../../diagnostics/train.ts';
import type { Graph } from '../../ir/graph.ts';
import { cutUnreadUnits } from '../../rewrite/cut-unread-units.ts';
import type { Parameters } from '../parameters.ts';
import type { Role } from '../roles.ts';
import { maskReaders, takeMasks } from './input-masks.ts';
import type { Finished, Method, Seen } from './method.ts';
import { passThrough } from './pass-through.ts';
import { findPrunedUnits, keptUnits, maskOf, type PrunedUnits } from './pruned-units.ts';

/**
 * Dynamic model pruning with feedback (Lin et al., ICLR 2020; papers.md 4.10), of whole hidden units and channels:
 *
 *     w <- w - rate grad L(m * w),
 *
 * the dense w kept. m is 0 at all weights that read a pruned unit: what the unit computes does not matter then, and it can be
 * cut out exactly. Gradients at those weights still come in, so that units come back that turn out to be needed. Masks are made
 * anew every so many steps: of each group of units that can only go together, those of least
 *
 *     ||weights that read it|| ||weights that make it||   (the scale of its batch normalisation, where there is one).
 *
 * After e epochs the share that is pruned is share (1 - (1 - e / ramp)^3), up to the ramp's end (Zhu and Gupta 2017).
 */
export interface DpfOptions {
  /** of each group's units, in the end */
  readonly share?: number;
  /** steps between two masks */
  readonly every?: number;
  /** epochs until the whole share is pruned, the first one dense; by default half of them all */
  readonly ramp?: number;
  /** units of linear layers only, or channels of convolutions only; both by default */
  readonly structured?: 'units' | 'channels';
}

/** Prunes hidden units that may come back while training runs (`DpfOptions`). @throws LccError LCC8007 */
export function dpf({ share = 0.5, every = 16, ramp, structured }: DpfOptions = {}): Method {
  requireOptions(share, every, ramp);
  return {
    name: 'dpf',
    settings: { share, every, ramp, structured },
    prepare(graph) {
      const groups = findPrunedUnits(graph, structured);
      if (groups.length === 0)
        throw methodFindsNothing('dpf', `hidden ${structured ?? 'units or channels'} that only layers read`);
      const readers = new Set(groups.flatMap((group) => group.readers.map(({ weights }) => weights)));
      const masked = maskReaders(graph, readers);
      const masks = new Masks(groups, masked.maskNames);
      let steps = 0;
      return {
        graph: masked.graph,
        roles: new Map(
          [...masked.maskNames.values()].map((name): [string, Role] => [name, { kind: 'learnt', decays: false }]),
        ),
        begin(parameters) {
          steps = 0;
          masks.read(parameters);
        },
        see: (name, seen) => masks.see(name, seen),
        afterStep(parameters) {
          steps++;
          if (steps % every === 0) masks.renew(parameters);
        },
        afterEpoch(parameters, epoch, epochs) {
          steps = 0;
          const done = Math.min(1, epoch / (ramp ?? Math.ceil(epochs / 2)));
          masks.renew(parameters, share * (1 - (1 - done) ** 3));
        },
        status: () => ({ pruned: masks.pruned }),
        finish: (trained) => finish(trained, groups, share, new Set(masked.maskNames.values())),
      };
    },
  };
}

function requireOptions(share: number, every: number, ramp: number | undefined): void {
  if (!(share > 0 && share < 1))
    throw methodOptionsInvalid('dpf', `share ${share} is not between 0 and 1`, 'Give a share such as 0.5.');
  if (!(Number.isInteger(every) && every > 0))
    throw methodOptionsInvalid('dpf', `every ${every} is no number of steps`, 'Give a whole number such as 16.');
  if (ramp !== undefined && !(ramp > 0))
    throw methodOptionsInvalid('dpf', `ramp ${ramp} is not above 0`, 'Give a number of epochs, or leave it out.');
}

/** Masks as they stand, of which the parameters of their names are what is kept. */
class Masks {
  readonly #groups: readonly PrunedUnits[];
  /** of masks by the weights that they are for */
  readonly #names: ReadonlyMap<string, string>;
  readonly #own: ReadonlySet<string>;
  /** [channels] by weights */
  readonly #values = new Map<string, Float32Array>();

  constructor(groups: readonly PrunedUnits[], names: ReadonlyMap<string, string>) {
    this.#groups = groups;
    this.#names = names;
    this.#own = new Set(names.values());
  }

  read(parameters: Parameters): void {
    for (const [weights, name] of this.#names) this.#values.set(weights, parameters.named(name).values.slice());
  }

  /** Share of all units that no reader sees. */
  get pruned(): number {
    const count = (of: (group: PrunedUnits) => number): number =>
      this.#groups.reduce((sum, group) => sum + of(group), 0);
    return count((group) => prunedOf(group, this.#values)) / count(({ width }) => width);
  }

  /** Weights masked; a mask itself is all ones to the network, which sees its effect in the weights. */
  see(name: string, seen: Seen): Seen {
    const { tensor, values } = seen;
    if (this.#own.has(name))
      return { tensor: tf.onesLike(tensor), values: () => new Float32Array(tensor.size).fill(1) };
    const mask = this.#values.get(name);
    if (!mask) return seen;
    const shape = tensor.shape.map((size, d) => (d === 1 ? size : 1));
    const each = tensor.shape.slice(2).reduce((product, size) => product * size, 1);
    return {
      tensor: passThrough((weights) => tf.mul(weights, tf.tensor(mask, shape)))(tensor),
      values: () => values().map((v, at) => v * (mask[Math.floor(at / each) % mask.length] ?? 1)),
    };
  }

  /** By the weights as they are now; without a share as many units of each group as before. */
  renew(parameters: Parameters, share?: number): void {
    for (const group of this.#groups) {
      const kept = keptUnits(group, parameters, share ?? prunedOf(group, this.#values) / group.width);
      for (const { weights, units } of group.readers) {
        const mask = maskOf(units, kept);
        const parameter = parameters.named(this.#names.get(weights) ?? '');
        parameter.values.set(mask);
        parameters.update(parameter);
        this.#values.set(weights, mask);
      }
    }
  }
}

function finish(trained: Graph, groups: readonly PrunedUnits[], share: number, names: ReadonlySet<string>): Finished {
  const { graph, masks } = takeMasks(trained, names);
  const notes = groups.flatMap((group) => {
    const [count, wanted] = [prunedOf(group, masks), Math.round(share * group.width)];
    return count < wanted ? [`${group.name} reads ${count} of ${group.width} units less; ${wanted} were wanted.`] : [];
  });
  return { graph: cutUnreadUnits(graph), notes };
}

/** How many units all readers have masked. */
function prunedOf({ readers, width }: PrunedUnits, masks: ReadonlyMap<string, Float32Array>): number {
  const seen = readers.flatMap(({ weights, units }) => {
    const mask = masks.get(weights);
    return units.filter((_, channel) => mask?.[channel] !== 0);
  });
  return width - new Set(seen).size;
}
