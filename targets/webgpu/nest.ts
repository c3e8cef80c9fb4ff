import type { NestKernel } from '../../compiler/kernel/nest.ts';
import { Buffers, type SlotPlace } from './buffers.ts';
import type { Code } from './code.ts';
import { isVectorRegion, pointsOf, type Region, regionsOf, threadsFor } from './nest/regions.ts';
import { RegionWriter } from './nest/write-region.ts';
import { Renderer } from './render.ts';
import { flatGrid, type Shader } from './shader.ts';
import { ShaderModule } from './shader-module.ts';
import { atom, infix, integer, type Value } from './value.ts';

const workgroupSize = 64;

/**
 * A nest as one dispatch: its independent loops are spread over invocations, four neighbours each where they lie side by
 * side in memory; long rows take a workgroup each, folded in shared memory.
 */
export function nestShader(kernel: NestKernel, places: readonly SlotPlace[]): Shader {
  const module = new ShaderModule();
  const regions = regionsOf(kernel.body).filter((r) => pointsOf(r.axes) > 0);
  const isAligned = (slot: number): boolean => places[slot]?.isAligned ?? false;
  const width = regions.length > 0 && regions.every((r) => isVectorRegion(r, { isAligned })) ? 4 : 1;
  const buffers = new Buffers(module, kernel.slots, places, { constants: width, arena: width });
  const [first] = regions;
  const threads = first && regions.length === 1 ? threadsFor(first, width) : 1;
  const points = regions.reduce((n, r) => n + pointsOf(r.axes) / width, 0);
  const groups = threads === 1 ? Math.ceil(points / workgroupSize) : points;
  const grid = flatGrid(groups);
  const group = grid[1] === 1 ? 'group.x' : `(group.x + group.y * ${grid[0]}u)`;
  const size = threads === 1 ? workgroupSize : threads;
  module.main([size, 1, 1], (code) => {
    if (first && threads !== 1) {
      const point = code.bind(atom(`i32(${group})`, 'i32'), 'point');
      const thread = code.bind(atom('i32(local.x)', 'i32'), 'thread');
      if (grid[0] * grid[1] > groups) code.line(`if (${point.text} >= ${points}) { return; }`);
      writeRegion(code, module, buffers, first, point, width, { threads, thread });
      return;
    }
    const id = code.bind(atom(`i32(${group} * ${workgroupSize}u + local.x)`, 'i32'), 'id');
    let start = 0;
    for (const region of regions) {
      const end = start + pointsOf(region.axes) / width;
      const below = infix('<', id, integer(end), 'bool');
      const from = integer(start);
      const inside = start === 0 ? below : infix('&&', infix('>=', id, from, 'bool'), below);
      const point = start === 0 ? id : infix('-', id, from);
      code.when(inside, () => writeRegion(code, module, buffers, region, point, width, undefined));
      start = end;
    }
  });
  const tile = `${threads === 1 ? '' : `${threads} threads a row, `}${width === 4 ? 'vec4' : 'scalar'}`;
  const comment = `${kernel.name}: ${points} x ${tile}`;
  return { comment, text: module.print(), workgroups: groups === 0 ? [0, 1, 1] : grid, tile };
}

function writeRegion(
  code: Code,
  module: ShaderModule,
  buffers: Buffers,
  region: Region,
  point: Value,
  width: 1 | 4,
  team: { readonly threads: 64 | 256; readonly thread: Value } | undefined,
): void {
  const to = new Renderer(code, module, buffers);
  to.lanes = width === 4 ? region.axes.at(-1) : undefined;
  const writer = new RegionWriter(to, buffers);
  writer.bindAxes(region.axes, point, to.lanes);
  writer.write([...region.lets, ...region.body], team);
}
