import type { ValueId } from '../../../ir/graph.ts';
import { OpError } from '../../../ops/op.ts';
import { type Importer, type OnnxNode, Unsupported } from '../node.ts';

/**
 * softmax(softcap(scale Q K^T) + mask) V per head. Q, K, V are [batch, heads, length, size], or [batch, length, heads *
 * size] with the head counts as attributes; past keys and values come before the new ones. Outputs: Y, all keys, all
 * values, and the scores at the step qk_matmul_output_mode names.
 */
export const importAttention: Importer = (node) => {
  if (node.optional(6) !== undefined) throw new Unsupported('nonpad_kv_seqlen is given');
  const isFlat = node.rank(node.input(0)) === 3;
  const [q, k, v] = [
    heads(node, 0, 'q_num_heads', isFlat),
    heads(node, 1, 'kv_num_heads', isFlat),
    heads(node, 2, 'kv_num_heads', isFlat),
  ];
  const [keys, values] = [withPast(node, 4, k), withPast(node, 5, v)];
  const [batch, count, rows, size] = requireFour(node.sizes(q));
  const columns = requireFour(node.sizes(keys))[2];
  const scale = node.scalar(node.type(q).dtype, node.float('scale', 1 / Math.sqrt(size)));
  const transposed = node.transpose(repeatHeads(node, keys, count), [0, 1, 3, 2]);
  const raw = node.emit('matmul', [node.emit('mul', [q, scale]), transposed]);
  const capped = softcap(node, raw);
  const mask = readMask(node, rows, columns, columns - requireFour(node.sizes(k))[2]);
  const masked = mask === undefined ? capped : node.emit('add', [capped, mask]);
  const weights = node.emit('softmax', [masked], { axis: 3 });
  const y = node.emit('matmul', [weights, repeatHeads(node, values, count)]);
  const valueSize = requireFour(node.sizes(y))[3];
  const joined = isFlat ? node.reshape(node.transpose(y, [0, 2, 1, 3]), [batch, rows, count * valueSize]) : y;
  const scores = [raw, capped, masked, weights][node.int('qk_matmul_output_mode', 0)];
  return scores === undefined ? [joined, keys, values] : [joined, keys, values, scores];
};

function heads(node: OnnxNode, i: number, attribute: string, isFlat: boolean): ValueId {
  const x = node.input(i);
  if (!isFlat) return x;
  const [batch = 0, length = 0, width = 0] = node.sizes(x);
  const count = node.int(attribute, 0);
  if (count < 1 || width % count !== 0) throw new OpError(`${width} columns do not make ${count} heads (${attribute})`);
  return node.transpose(node.reshape(x, [batch, length, count, width / count]), [0, 2, 1, 3]);
}

function withPast(node: OnnxNode, i: number, x: ValueId): ValueId {
  const past = node.optional(i);
  return past === undefined ? x : node.emit('concat', [past, x], { axis: 2 });
}

/** Groups of query heads share one head of keys and values: each is repeated. */
function repeatHeads(node: OnnxNode, x: ValueId, count: number): ValueId {
  const [batch, own, length, size] = requireFour(node.sizes(x));
  if (own === count) return x;
  if (own === 0 || count % own !== 0) throw new OpError(`${count} query heads do not share ${own} key heads`);
  const copies = node.expand(node.reshape(x, [batch, own, 1, length, size]), [batch, own, count / own, length, size]);
  return node.reshape(copies, [batch, count, length, size]);
}

function softcap(node: OnnxNode, x: ValueId): ValueId {
  const cap = node.float('softcap', 0);
  if (cap === 0) return x;
  const bound = node.scalar(node.type(x).dtype, cap);
  return node.emit('mul', [node.emit('tanh', [node.emit('div', [x, bound])]), bound]);
}

/** What is added to the scores: the mask (false is -infinity, as is what it does not reach), and the causal triangle. */
function readMask(node: OnnxNode, rows: number, columns: number, past: number): ValueId | undefined {
  const { dtype } = node.type(node.input(0));
  const nothing = Number.NEGATIVE_INFINITY;
  const given = node.optional(3);
  let mask = given;
  if (given !== undefined && node.type(given).dtype === 'bool') {
    mask = node.emit('where', [given, node.scalar(dtype, 0), node.scalar(dtype, nothing)]);
  }
  if (mask !== undefined) {
    const sizes = node.sizes(mask);
    const missing = columns - (sizes.at(-1) ?? 0);
    const pads = [...sizes.map(() => 0), ...sizes.map((_, i) => (i === sizes.length - 1 ? missing : 0))];
    const isShort = missing > 0 && sizes.at(-1) !== 1;
    if (isShort) mask = node.emit('pad', [mask], { pads, mode: 'constant', value: nothing });
  }
  if (!node.flag('is_causal')) return mask;
  const values = Array.from({ length: rows * columns }, (_, i) =>
    i % columns > Math.floor(i / columns) + past ? nothing : 0,
  );
  const triangle = node.numbers(dtype, [rows, columns], values);
  return mask === undefined ? triangle : node.emit('add', [mask, triangle]);
}

function requireFour(sizes: readonly number[]): readonly [number, number, number, number] {
  const [a, b, c, d] = sizes;
  if (a === undefined || b === undefined || c === undefined || d === undefined || sizes.length !== 4) {
    throw new OpError(`a tensor [${sizes.join(',')}] where [batch, heads, length, size] is needed`);
  }
  return [a, b, c, d];
}

/**
 * Turns pairs of a head's elements by the angles of their position: (a cos - b sin, a sin + b cos). Pairs are halves apart,
 * or neighbours when interleaved; only the first rotary_embedding_dim elements turn.
 */
export const importRotaryEmbedding: Importer = (node) => {
  const x = node.input(0);
  const sizes = node.sizes(x);
  const isFlat = sizes.length === 3;
  // [batch, length, heads, size]
  const split = isFlat
    ? node.reshape(x, [
        sizes[0] ?? 0,
        sizes[1] ?? 0,
        node.int('num_heads', 1),
        (sizes[2] ?? 0) / node.int('num_heads', 1),
      ])
    : node.transpose(x, [0, 2, 1, 3]);
  const [batch, length, count, size] = requireFour(node.sizes(split));
  const turning = node.int('rotary_embedding_dim', 0) || size;
  const half = turning / 2;
  const part = (id: ValueId, start: number, width: number, step = 1) =>
    node.emit('slice', [id], {
      starts: [0, 0, 0, start],
      steps: [1, 1, 1, step],
      sizes: [batch, length, count, width],
    });
  const isInterleaved = node.flag('interleaved');
  const a = isInterleaved ? part(split, 0, half, 2) : part(split, 0, half);
  const b = isInterleaved ? part(split, 1, half, 2) : part(split, half, half);
  const [cos, sin] = [angles(node, 1, batch, length, half), angles(node, 2, batch, length, half)];
  const times = (left: ValueId, right: ValueId) => node.emit('mul', [left, right]);
  const real = node.emit('sub', [times(a, cos), times(b, sin)]);
  const imaginary = node.emit('add', [times(a, sin), times(b, cos)]);
  const turned = isInterleaved
    ? interleave(node, real, imaginary)
    : node.emit('concat', [real, imaginary], { axis: 3 });
  const whole =
    turning === size ? turned : node.emit('concat', [turned, part(split, turning, size - turning)], { axis: 3 });
  return isFlat ? node.reshape(whole, sizes) : node.transpose(whole, [0, 2, 1, 3]);
};

/** Rows of a table by position, or the table itself, as [batch, length, 1, half]. */
function angles(node: OnnxNode, i: number, batch: number, length: number, half: number): ValueId {
  const positions = node.optional(3);
  const table = node.input(i);
  const rows = positions === undefined ? table : node.emit('gather', [table, positions], { axis: 0 });
  const width = node.sizes(rows)[2];
  if (width !== half) throw new OpError(`angles of ${width} columns where ${half} pairs turn`);
  return node.reshape(rows, [batch, length, 1, half]);
}

function interleave(node: OnnxNode, even: ValueId, odd: ValueId): ValueId {
  const sizes = node.sizes(even);
  const column = [...sizes, 1];
  const pairs = node.emit('concat', [node.reshape(even, column), node.reshape(odd, column)], { axis: sizes.length });
  return node.reshape(pairs, [...sizes.slice(0, -1), 2 * (sizes.at(-1) ?? 0)]);
}
