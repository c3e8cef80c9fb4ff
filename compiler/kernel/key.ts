/**
 * Structural identity of a kernel: equal for kernels that differ only in their names. Axes and shared expressions are
 * numbered by first appearance.
 */
export function structuralKey(value: unknown): string {
  const numbers = new Map<object, number>();
  const print = (x: unknown, key: string): string => {
    if (key === 'name' && typeof x === 'string') return '';
    if (typeof x === 'bigint') return `${x}n`;
    if (typeof x === 'number' || typeof x === 'string' || typeof x === 'boolean' || x === undefined || x === null) {
      return Object.is(x, -0) ? '-0' : String(x);
    }
    if (Array.isArray(x)) return `[${x.map((item) => print(item, '')).join()}]`;
    if (typeof x !== 'object') throw new TypeError(`internal: ${typeof x} in a kernel`);
    const known = numbers.get(x);
    if (known !== undefined) return `#${known}`;
    numbers.set(x, numbers.size);
    const entries = Object.entries(x).map(([k, v]) => `${k}:${isLocalName(x, k) ? String(v) : print(v, k)}`);
    return `{${entries.join()}}`;
  };
  return print(value, '');
}

/** Names of locals mean something; names of axes, slots and kernels do not. */
const isLocalName = (x: object, key: string): boolean =>
  key === 'name' && (('op' in x && 'body' in x) || ('kind' in x && (x.kind === 'local' || x.kind === 'let')));
