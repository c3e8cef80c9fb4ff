import type { ContractionKernel } from '../../../compiler/kernel/nest.ts';
import type { SlotPlace } from '../buffers.ts';
import type { Shader } from '../shader.ts';
import { atom, element, infix, integer, lane, type Value } from '../value.ts';
import { ContractionCode } from './contraction-code.ts';
import { extentsOf } from './tile.ts';

export const maxGemvRows = 4;
/** Vectors in the default 16 KiB of workgroup memory. */
const maxPartials = 1024;

/** Few rows against packed B: one workgroup per panel of 8 columns, its threads splitting k, their sums folded at the end. */
export function gemvShader(kernel: ContractionKernel, places: readonly SlotPlace[]): Shader {
  const contraction = new ContractionCode(kernel, places);
  const { batch, m, n, k } = extentsOf(kernel);
  const { module } = contraction;
  const panels = Math.ceil(n / 8);
  const vectors = Math.ceil(Math.min(n, 8) / 4);
  const sumsEach = m * vectors;
  const isNarrow = panels * batch < 64 && k >= 1024 && sumsEach * 256 <= maxPartials;
  const threads = isNarrow ? 256 : 64;
  contraction.defineFinish({ m: false, n: n % (4 * vectors) !== 0 });
  module.declare('partial', `var<workgroup> partial: array<vec4<f32>, ${threads * sumsEach}>;`);
  const many = contraction.kPerLoad;
  module.main([threads, 1, 1], (code) => {
    const thread = code.bind(atom('i32(local.x)', 'i32'), 'thread');
    const first = code.bind(atom('i32(group.x) * 8', 'i32'), 'n');
    const batchAt = code.bind(atom('i32(group.z)', 'i32'), 'batch');
    const sums = Array.from({ length: sumsEach }, () => code.variable(atom('vec4<f32>()', 'f32', 4), 'sum'));
    code.repeat(
      'k',
      k / many,
      (step) => {
        const kAt = many === 1 ? step : code.bind(infix('*', step, integer(many)), 'k_at');
        const columns = Array.from({ length: vectors }, (_, v) => {
          const at = v === 0 ? first : infix('+', first, integer(4));
          const to = contraction.renderer(code, kernel.n, [
            [contraction.batch, batchAt],
            [contraction.k, kAt],
            [kernel.n, at],
          ]);
          const loaded = contraction.loadB(to);
          return many === 1 ? loaded : loaded.map((value) => to.name(value, 'w'));
        });
        for (let row = 0; row < m; row++) {
          const to = contraction.renderer(code, many === 1 ? kernel.n : contraction.k, [
            [contraction.batch, batchAt],
            [contraction.m, integer(row)],
            [contraction.k, kAt],
          ]);
          const a = contraction.loadA(to);
          columns.forEach((b, v) => {
            const sum = sums[row * vectors + v];
            if (!sum) return;
            const product = b.reduce(
              (total, w, i) => `fma(vec4<f32>(${lane(a, i).text}), ${w.text}, ${total})`,
              sum.text,
            );
            code.assign(sum, atom(product, 'f32', 4));
          });
        }
      },
      { start: thread, step: threads },
    );
    const at = (i: number, t: Value): Value =>
      element('partial', i === 0 ? t : infix('+', t, integer(i * threads)), 'f32', 4);
    for (const [i, sum] of sums.entries()) code.assign(at(i, thread), sum);
    code.treeReduce(thread, threads, (distance) => {
      const other = infix('+', thread, distance);
      for (const i of sums.keys()) code.assign(at(i, thread), infix('+', at(i, thread), at(i, other)));
    });
    code.when(infix('<', thread, integer(sumsEach), 'bool'), () => {
      const [t, n] = [thread.text, first.text];
      code.line(
        `finish(${batchAt.text}, ${t} / ${vectors}, ${n} + (${t} % ${vectors}) * 4, partial[${t} * ${threads}]);`,
      );
    });
  });
  const tile = `${m}x${4 * vectors} outputs, k over ${threads} threads`;
  const comment = `${kernel.name}: m ${m}, n ${n}, k ${k}${batch === 1 ? '' : `, batch ${batch}`}; ${tile}`;
  return { comment, text: module.print(), workgroups: [panels, 1, batch], tile };
}
