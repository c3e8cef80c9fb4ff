/** Sizes of the product C [m, n] = A [m, k] B [k, n] and of the buffer that is read; multiples of the tiles below. */
export const gpuSizes = { m: 1024, n: 256, k: 256, readBytes: 64 << 20 } as const;

const tile = { outputs: 32, depth: 16, threads: 8, perThread: 4 } as const;
const { m, n, k } = gpuSizes;

/** Workgroups of each shader, and of the product the multiply-adds that one dispatch does. */
export const workgroups = {
  product: [n / tile.outputs, m / tile.outputs],
  read: [1024, 1],
  step: [1, 1],
} as const;
export const productMultiplyAdds = m * n * k;

const readThreads = 64 * workgroups.read[0];
const vectorsPerThread = gpuSizes.readBytes / 16 / readThreads;

/** f32: tiles of 32 by 32 outputs staged in workgroup memory, 4 by 4 per thread. */
const product = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> c: array<vec4f>;
var<workgroup> rows: array<array<vec4f, ${tile.depth / 4}>, ${tile.outputs}>;
var<workgroup> columns: array<array<vec4f, ${tile.outputs / 4}>, ${tile.depth}>;

@compute @workgroup_size(${tile.threads}, ${tile.threads})
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_id) local: vec3u) {
  let thread = local.y * ${tile.threads}u + local.x;
  var sums: array<vec4f, 4>;
  for (var at = 0u; at < ${k}u; at += ${tile.depth}u) {
    for (var i = thread; i < ${(tile.outputs * tile.depth) / 4}u; i += ${tile.threads * tile.threads}u) {
      rows[i / 4u][i % 4u] = a[(group.y * ${tile.outputs}u + i / 4u) * ${k / 4}u + at / 4u + i % 4u];
      columns[i / 8u][i % 8u] = b[(at + i / 8u) * ${n / 4}u + group.x * 8u + i % 8u];
    }
    workgroupBarrier();
    for (var q = 0u; q < ${tile.depth / 4}u; q++) {
      let b0 = columns[4u * q][local.x];
      let b1 = columns[4u * q + 1u][local.x];
      let b2 = columns[4u * q + 2u][local.x];
      let b3 = columns[4u * q + 3u][local.x];
      for (var r = 0u; r < 4u; r++) {
        let x = rows[local.y * 4u + r][q];
        sums[r] += x.x * b0 + x.y * b1 + x.z * b2 + x.w * b3;
      }
    }
    workgroupBarrier();
  }
  for (var r = 0u; r < 4u; r++) {
    c[(group.y * ${tile.outputs}u + local.y * 4u + r) * ${n / 4}u + group.x * 8u + local.x] = sums[r];
  }
}`;

/** Sums all bytes once, neighbouring threads neighbouring vectors. */
const read = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = vec4f();
  for (var i = 0u; i < ${vectorsPerThread}u; i++) { sum += a[id.x + i * ${readThreads}u]; }
  c[id.x] += sum;
}`;

/** Each dispatch waits for the one before. */
const step = `
@group(0) @binding(0) var<storage, read_write> c: array<f32>;

@compute @workgroup_size(1)
fn main() { c[0] += 1; }`;

/** `SALT` becomes another number each time, so that no cache knows the shader. */
const small = `
@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> c: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= 4096u) { return; }
  var x = a[id.x];
  for (var i = 0u; i < 9u; i++) { x = max(x * a[id.x + i] + vec4f(SALT), vec4f()); }
  c[id.x] = select(x, min(x, vec4f(6)), x > vec4f(1));
}`;

export const shaders = { product, read, step, small } as const;
