/**
 * Which half of a list an index belongs to. Of each two neighbours one is in each half, as by turns, but which of them is as
 * good as drawn (murmur3's finaliser): in step with no order that repeats, such as one sample of each class in turn.
 */
export function halfOf(index: number): 'even' | 'odd' {
  let mixed = index >>> 1;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return ((mixed ^ (mixed >>> 16) ^ index) & 1) === 0 ? 'even' : 'odd';
}
