/** One kernel as WGSL with the grid it runs on. */
export interface Shader {
  /** what it computes and how, one line */
  readonly comment: string;
  readonly text: string;
  /** workgroups of one dispatch; a zero means that there is nothing to do */
  readonly workgroups: readonly [x: number, y: number, z: number];
  /** such as "32x32x16 tile, 64 threads" */
  readonly tile: string;
}

/** Default limit of WebGPU, per axis. */
export const maxWorkgroups = 65535;

/** `count` workgroups over x and, where those do not suffice, y. */
export function flatGrid(count: number): readonly [x: number, y: number, z: number] {
  if (count <= maxWorkgroups) return [count, 1, 1];
  const y = Math.ceil(count / maxWorkgroups);
  return [Math.ceil(count / y), y, 1];
}
