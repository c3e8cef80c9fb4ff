import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import type { SlotPlace } from '../buffers.ts';
import { flatGrid, type Shader } from '../shader.ts';
import { atom, element, infix, integer, type Value } from '../value.ts';
import { ContractionCode } from './contraction-code.ts';
import { extentsOf } from './tile.ts';

const threads = 64;
/** Invocations below which positions are not shared any further. */
const fewInvocations = 4096;

/** Each invocation sums four channels at several neighbouring positions, so that a weight is loaded once for all of them. */
export function channelwiseShader(kernel: ContractionKernel, places: readonly SlotPlace[]): Shader {
  const contraction = new ContractionCode(kernel, places);
  const { batch, m, n, k } = extentsOf(kernel);
  const { module } = contraction;
  const vectors = Math.ceil(n / 4);
  const each = [4, 2].find((count) => (batch * m * vectors) / count >= fewInvocations) ?? 1;
  const rows = Math.ceil(m / each);
  const invocations = batch * rows * vectors;
  const grid = flatGrid(Math.ceil(invocations / threads));
  const fetch = { kind: 'fetch' as const, dtype: 'float32' as const, guards: [], fill: 0 };
  contraction.defineFinish({ m: m % each !== 0, n: false });
  module.main([threads, 1, 1], (code) => {
    const group = grid[1] === 1 ? 'group.x' : `(group.x + group.y * ${grid[0]}u)`;
    const bind = (text: string, name: string): Value => code.bind(atom(text, 'i32'), name);
    const id = bind(`i32(${group} * ${threads}u + local.x)`, 'id');
    code.line(`if (${id.text} >= ${invocations}) { return; }`);
    const nAt = bind(`(${id.text} % ${vectors}) * 4`, 'n');
    const first = bind(`(${id.text} / ${vectors}) % ${rows} * ${each}`, 'm');
    const batchAt = bind(`${id.text} / ${vectors * rows}`, 'batch');
    code.line(`var sums: array<vec4<f32>, ${each}>;`);
    const perPosition = (body: (m: Value, sum: Value) => void): void => {
      if (each === 1) body(first, element('sums', integer(0), 'f32', 4));
      else code.repeat('i', each, (i) => body(code.bind(infix('+', first, i), 'm_at'), element('sums', i, 'f32', 4)));
    };
    code.repeat('k', k, (kAt) => {
      const place = [
        [contraction.batch, batchAt],
        [contraction.k, kAt],
        [kernel.n, nAt],
      ] as const;
      const b = contraction.renderer(code, kernel.n, place).fetch({ ...fetch, slot: 2, offset: contraction.b });
      perPosition((mAt, sum) => {
        const to = contraction.renderer(code, kernel.n, [...place, [contraction.m, mAt]]);
        const a = to.fetch({ ...fetch, slot: 1, offset: contraction.a });
        code.assign(sum, atom(`fma(${a.text}, ${b.text}, ${sum.text})`, 'f32', 4));
      });
    });
    perPosition((mAt, sum) => {
      code.line(`finish(${batchAt.text}, ${mAt.text}, ${nAt.text}, ${sum.text});`);
    });
  });
  const tile = `${each}x4 outputs an invocation`;
  const comment = `${kernel.name}: m ${m}, n ${n}, k ${k}${batch === 1 ? '' : `, batch ${batch}`}; ${tile}`;
  return { comment, text: module.print(), workgroups: grid, tile };
}
