import type { ValueId } from '../ir/graph.ts';
import { align } from './pool.ts';

/** A buffer and the steps during which it must keep its contents, both ends included. */
export interface Lifetime {
  readonly id: ValueId;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

export interface ArenaPlan {
  readonly offsets: ReadonlyMap<ValueId, number>;
  readonly bytes: number;
}

/**
 * Places buffers so that those alive at one time do not overlap. Greedy by size: the largest first, each at the lowest
 * offset free during its whole life (Pisarchyk and Lee 2020, "Efficient memory management for deep neural net inference").
 */
export function planArena(lifetimes: readonly Lifetime[]): ArenaPlan {
  const placed: (Lifetime & { offset: number })[] = [];
  const bySize = [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.first - b.first || a.id - b.id);
  for (const life of bySize) {
    const rivals = placed
      .filter((p) => p.first <= life.last && life.first <= p.last)
      .sort((a, b) => a.offset - b.offset);
    let offset = 0;
    for (const rival of rivals) {
      if (offset + life.bytes <= rival.offset) break;
      offset = Math.max(offset, align(rival.offset + rival.bytes));
    }
    placed.push({ ...life, offset });
  }
  return {
    offsets: new Map(placed.map((p) => [p.id, p.offset])),
    bytes: Math.max(0, ...placed.map((p) => align(p.offset + p.bytes))),
  };
}
