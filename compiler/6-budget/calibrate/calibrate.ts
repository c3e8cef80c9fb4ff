import { isSoftwareAdapter } from '../../../runtime/webgpu.ts';
import type { DeviceProfile } from '../../../targets/profiles/profile.ts';
import { browserOf } from '../browser/browser-of.ts';
import { isolation } from '../browser/isolation.ts';
import { clockStep } from '../clock-step.ts';
import type { RunPage } from '../device/device.ts';
import { bestTenth, disturbedFrom, quantile } from '../timing/statistics.ts';
import { compileLoadModule, saltBytes } from './compile-load.ts';
import { fillOperands } from './fill-operands.ts';
import { calibrationModule, kernelsVersion, multiplyAdds, places, readableBytes } from './kernels.ts';
import { type CalibrationFigures, type CalibrationTask, calibrateInPage } from './page.ts';
import { gpuSizes, productMultiplyAdds, shaders, workgroups } from './shaders.ts';

export interface CalibrationOptions {
  readonly name: string;
  /** default: the browser and what it runs on */
  readonly description?: string;
  /** measures a software adapter's WebGPU too; default false */
  readonly acceptsSoftwareGpu?: boolean;
  /** interleaved rounds; default 101 */
  readonly rounds?: number;
  /** milliseconds of one sample; default 3 */
  readonly sampleTime?: number;
  /** of the measurement: year, month and day */
  readonly date: string;
}

export interface Calibration {
  readonly profile: DeviceProfile;
  /** share of the rounds that something else on the device slowed down, 0..1; they do not count */
  readonly disturbed: number;
  /** why the profile has no WebGPU rates, or the adapter that it has them of */
  readonly webgpu:
    | { readonly kind: 'measured'; readonly adapter: string }
    | { readonly kind: 'absent'; readonly reason: string };
}

const module = `const calibrate = ${calibrateInPage.toString()};
const parts = {
  clockStep: ${clockStep.toString()},
  fillOperands: ${fillOperands.toString()},
  isSoftwareAdapter: ${isSoftwareAdapter.toString()},
};
export default (task) => calibrate(task, parts);`;

/** Runs the calibration kernels in a page of the device: some seconds. @throws LccError LCC6004 when the page fails */
export async function calibrate(run: RunPage, options: CalibrationOptions): Promise<Calibration> {
  const argument: CalibrationTask = {
    kernels: calibrationModule(),
    multiplyAdds,
    places,
    readableBytes,
    compileLoad: compileLoadModule(),
    saltBytes,
    gpu: {
      shaders,
      sizes: gpuSizes,
      workgroups,
      productMultiplyAdds,
      acceptsSoftware: options.acceptsSoftwareGpu ?? false,
    },
    compiles: 5,
    compileTime: 1000,
    rounds: options.rounds ?? 101,
    sampleTime: options.sampleTime ?? 3,
  };
  const figures = (await run({ module, argument, headers: isolation, timeout: 300_000 })) as CalibrationFigures;
  return {
    profile: profileOf(figures, options),
    webgpu: webGpuOf(figures),
    disturbed: disturbedShare(figures.wasm),
  };
}

function profileOf(figures: CalibrationFigures, { name, description, date }: CalibrationOptions): DeviceProfile {
  const browser = browserOf(figures.userAgent);
  const { webgpu } = figures;
  return {
    name,
    description: description ?? `${browser}, ${figures.cores} cores`,
    origin: { kind: 'measured', browser, cores: figures.cores, date, kernels: kernelsVersion },
    wasm: undisturbed(figures.wasm),
    ...(webgpu.kind === 'measured' ? { webgpu: undisturbed(webgpu.figures, (name) => times.has(name)) } : {}),
  };
}

const webGpuOf = ({ webgpu }: CalibrationFigures): Calibration['webgpu'] =>
  webgpu.kind === 'measured' ? { kind: 'measured', adapter: webgpu.adapter } : webgpu;

/**
 * The best tenth of the rounds begins there: whatever else a device does only slows a round down. Three digits: more would
 * be noise.
 */
function undisturbed<Name extends string>(
  figures: Readonly<Record<Name, readonly number[]>>,
  isTime: (name: string) => boolean = () => false,
): Record<Name, number> {
  const found = Object.entries<readonly number[]>(figures).map(([name, samples]) => [
    name,
    Number(quantile(samples, isTime(name) ? 1 - bestTenth : bestTenth).toPrecision(3)),
  ]);
  return Object.fromEntries(found) as Record<Name, number>;
}

const times: ReadonlySet<string> = new Set(['dispatch', 'roundTrip', 'pipeline']);

function disturbedShare({ float }: CalibrationFigures['wasm']): number {
  const best = quantile(float, bestTenth);
  return float.filter((rate) => rate * disturbedFrom < best).length / float.length;
}
