/** An element of a list whose length has been checked before: an operand, an axis, an entry of an attribute. */
export function given<T>(x: T | undefined): T {
  if (x === undefined) throw new TypeError('internal: missing element');
  return x;
}
