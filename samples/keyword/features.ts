import { makePowerSpectrum } from './power-spectrum.ts';

/** Samples a second. */
export const rate = 8000;
export const bands = 32;
export const frames = 49;

/** Samples of a frame, and from one to the next: 32 and 20 ms. */
const frame = 256;
const hop = 160;
/** Hz: below is hum, above a telephone passes nothing. */
const lowest = 80;
const highest = 3800;
/** dB below the loudest value that are told apart. */
const range = 50;
/** A window is looked for in steps of 10 ms. */
const step = 80;
const width = rate / step;

const powerSpectrum = makePowerSpectrum(frame);
const frameWindow = raisedCosine(frame);
const secondWindow = raisedCosine(width);
const filters = makeFilters();

/**
 * Where the second begins in which a raised cosine collects the most energy: what is loud stands in its middle. In samples;
 * below 0, or less than a second before the end, where the sound is short or loud at its ends.
 */
export function findLoudestSecond(samples: Float32Array): number {
  const energies = Float64Array.from({ length: Math.ceil(samples.length / step) }, (_, i) =>
    samples.subarray(i * step, (i + 1) * step).reduce((sum, v) => sum + v * v, 0),
  );
  let best = { start: -width / 2, energy: -1 };
  for (let start = -width / 2; start <= energies.length - width / 2; start++) {
    const energy = secondWindow.reduce((sum, weight, i) => sum + weight * (energies[start + i] ?? 0), 0);
    if (energy > best.energy) best = { start, energy };
  }
  return best.start * step;
}

/** `rate` samples from `start` on, silence where there are none. */
export function secondFrom(samples: Float32Array, start: number): Float32Array {
  const second = new Float32Array(rate);
  second.set(samples.subarray(Math.max(0, start), Math.max(0, start + rate)), Math.max(0, -start));
  return second;
}

export const loudestSecond = (samples: Float32Array): Float32Array => secondFrom(samples, findLoudestSecond(samples));

/**
 * What the model sees of a second: [bands, frames], the lowest band first. Energies in bands of equal width in mel, 1 for the
 * loudest value of all, 0 for what is 50 dB or more below it; so how loud the whole is does not matter. Silence is 0.
 */
export function featuresOf(second: Float32Array): Float32Array {
  const energies = new Float64Array(bands * frames);
  for (let t = 0; t < frames; t++) {
    const spectrum = powerSpectrum(frameWindow.map((w, i) => w * (second[t * hop + i] ?? 0)));
    filters.forEach(({ first, weights }, band) => {
      energies[band * frames + t] = weights.reduce((sum, weight, i) => sum + weight * (spectrum[first + i] ?? 0), 0);
    });
  }
  const loudest = energies.reduce((most, energy) => Math.max(most, energy), 0);
  if (loudest === 0) return new Float32Array(bands * frames);
  return Float32Array.from(energies, (energy) => Math.max(0, 1 + (10 * Math.log10(energy / loudest)) / range));
}

function raisedCosine(n: number): Float64Array {
  return Float64Array.from({ length: n }, (_, i) => 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / n));
}

/** Weights of a spectrum's bins from `first` on. */
interface Filter {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Triangles, equally far from each other in mel = 2595 log10(1 + Hz / 700) (O'Shaughnessy 1987). */
function makeFilters(): Filter[] {
  const melOf = (hertz: number): number => 2595 * Math.log10(1 + hertz / 700);
  const low = melOf(lowest);
  const width = (melOf(highest) - low) / (bands + 1);
  const bins = Array.from({ length: frame / 2 + 1 }, (_, bin) => (melOf((bin * rate) / frame) - low) / width);
  return Array.from({ length: bands }, (_, band) => {
    const weights = bins.map((place) => Math.max(0, 1 - Math.abs(place - (band + 1))));
    const first = weights.findIndex((weight) => weight > 0);
    return { first, weights: weights.slice(first).filter((weight) => weight > 0) };
  });
}
