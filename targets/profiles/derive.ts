import type { DeviceProfile, WebGpuRates } from './profile.ts';
import { serverCore } from './server-core.ts';

/** Published figures of the chip that stands for a device class. */
export interface Chip {
  /** such as `Cortex-A78` */
  readonly core: string;
  readonly gigahertz: number;
  /** vectors of 4 float32 multiply-adds a cycle, multiply and add apart, by the core's vector pipes */
  readonly floatVectors: number;
  /** vectors of 8 products of i32x4.dot_i16x8_s, added up, a cycle */
  readonly integerVectors: number;
  /** bytes per second of the whole memory */
  readonly memory: number;
  /** Geekbench 5, single core */
  readonly score: number;
  /** figures of these that are not published but guessed */
  readonly guessed: readonly string[];
  readonly webgpu?: Omit<WebGpuRates, 'float'> & {
    /** such as `Adreno 642L` */
    readonly name: string;
    /** float32 multiply-adds per second of all its units */
    readonly peak: number;
  };
}

/** The same figures of the measured core; its clock is what reads from its first cache show, its score an assumption. */
const measured = { gigahertz: 3.6, floatVectors: 2, integerVectors: 1.78, score: 1500 };
/** Of every class. */
const guesses = ['the vector pipes', 'the share of the memory', 'the score of server-core'];
/** Share of the memory's bandwidth that one core reaches. */
const oneCoreShare = 0.5;
/** Share of a GPU's peak that a tiled product without vendor instructions reaches. */
const tiledShare = 0.25;

/** A class whose rates are those of server-core, scaled by published figures of a chip of the class. */
export function deriveProfile(name: string, description: string, chip: Chip): DeviceProfile {
  const { wasm } = serverCore;
  const per = (vectors: 'floatVectors' | 'integerVectors'): number =>
    (chip.gigahertz * chip[vectors]) / (measured.gigahertz * measured[vectors]);
  return {
    name,
    description,
    origin: { kind: 'estimated', reason: describeDerivation(chip) },
    wasm: {
      float: rounded(wasm.float * per('floatVectors')),
      integer: rounded(wasm.integer * per('integerVectors')),
      bandwidth: rounded(chip.memory * oneCoreShare),
      compile: rounded((wasm.compile * chip.score) / measured.score),
    },
    ...(chip.webgpu && { webgpu: ratesOfGpu(chip.webgpu) }),
  };
}

function ratesOfGpu({ name: _, peak, ...rates }: NonNullable<Chip['webgpu']>): WebGpuRates {
  return { float: rounded(peak * tiledShare), ...rates };
}

const rounded = (rate: number): number => Number(rate.toPrecision(2));

function describeDerivation(chip: Chip): string {
  const { core, gigahertz, floatVectors, integerVectors, memory, score, guessed, webgpu } = chip;
  const parts = [
    `server-core scaled to a ${core} of ${gigahertz} GHz by clock and vector pipes (${floatVectors} float32 and ${integerVectors} int8 vectors a cycle against ${measured.floatVectors} and ${measured.integerVectors} at ${measured.gigahertz} GHz)`,
    `half of the memory's ${memory / 1e9} GB/s`,
    `compile speed by Geekbench 5 single-core scores, ${score} against ${measured.score}`,
    `guessed: ${[...guesses, ...guessed].join(', ')}`,
    ...(webgpu
      ? [
          `WebGPU: a quarter of the peak of ${webgpu.name}, dispatches by published measurements on Vulkan and Metal of desktops (24 to 71 microseconds); the peak, the shares, round trip and pipeline are guessed`,
        ]
      : []),
  ];
  return parts.join('; ');
}
