import type { WebGpuDescription } from '../../runtime/webgpu.ts';
import type { Target, WasmFeatures } from '../../targets/target.ts';
import { arenaAddress } from '../../targets/wasm/emit.ts';
import type { WebGpuCode } from '../../targets/webgpu/emit.ts';
import type { Location, Program } from '../ir/program.ts';
import type { WeightsFile } from './weights.ts';

export interface WasmFile {
  readonly features: WasmFeatures;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What the generators made of a program: all that the entry module and the in-process loader need. */
export interface ModelCode {
  readonly program: Program;
  readonly target: Target;
  readonly weights: WeightsFile;
  /** best last; empty without the wasm backend */
  readonly wasm: readonly WasmFile[];
  readonly webgpu: WebGpuCode | undefined;
  readonly prefersWebGpu: boolean;
}

/** Where a location lies in the module's memory: constants from 0, the arena after them at a multiple of 64. */
export const addressOf = (program: Program, location: Location): number =>
  location.space === 'constants' ? location.offset : arenaAddress(program) + location.offset;

export const fileOf = (features: WasmFeatures): string =>
  features === 'relaxed' ? 'model.relaxed.wasm' : 'model.wasm';

/** The part of the WebGPU code that the runtime runs. */
export const describeWebGpu = ({
  shaders,
  pipelines,
  steps,
  constantBytes,
  arenaBytes,
  inputs,
  outputs,
}: WebGpuCode): WebGpuDescription => ({
  shaders,
  pipelines,
  steps,
  constantBytes,
  arenaBytes,
  inputs,
  outputs,
});
