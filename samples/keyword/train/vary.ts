import { rate } from '../features.ts';
import type { Random } from './random.ts';

/** Silence on both sides of a recording, in samples: room for noise and for the window to move. */
const margin = rate / 2;

/**
 * A recording as another voice, room and microphone might have given it, with noise around it. How loud it is stays as it is:
 * the features do not depend on it.
 */
export function vary(samples: Float32Array, random: Random): Float32Array {
  const voice = resample(samples, Math.exp(random.uniform(Math.log(0.8), Math.log(1.25))));
  const whole = new Float32Array(voice.length + 2 * margin);
  whole.set(voice, margin);
  echo(whole, random);
  tilt(whole, random.uniform(-0.6, 0.6));
  addNoise(whole, random.uniform(5, 50), random);
  return whole;
}

/** `speed` times as fast, and as high: linear between samples. */
function resample(samples: Float32Array, speed: number): Float32Array {
  return Float32Array.from({ length: Math.floor((samples.length - 1) / speed) }, (_, i) => {
    const at = Math.floor(i * speed);
    const share = i * speed - at;
    return (1 - share) * (samples[at] ?? 0) + share * (samples[at + 1] ?? 0);
  });
}

/** Twelve reflections within 0.15 s, weaker the later they come. */
function echo(samples: Float32Array, random: Random): void {
  const dry = samples.slice();
  const strength = random.uniform(0, 0.4);
  for (let reflection = 0; reflection < 12; reflection++) {
    const delay = Math.round(random.uniform(0.005, 0.15) * rate);
    const gain = strength * random.uniform(-1, 1) * Math.exp((-3 * delay) / (0.15 * rate));
    for (let i = delay; i < samples.length; i++) samples[i] = (samples[i] ?? 0) + gain * (dry[i - delay] ?? 0);
  }
}

/** y[i] = x[i] + amount x[i - 1]: duller above 0, brighter below. */
function tilt(samples: Float32Array, amount: number): void {
  for (let i = samples.length - 1; i > 0; i--) samples[i] = (samples[i] ?? 0) + amount * (samples[i - 1] ?? 0);
}

/** Noise, between white and a rumble, whose mean square is `decibels` below that of the voice. */
function addNoise(samples: Float32Array, decibels: number, random: Random): void {
  const memory = random.uniform(0, 0.95);
  let last = 0;
  const noise = samples.map(() => {
    last = memory * last + random.normal();
    return last;
  });
  const energyOf = (values: Float32Array): number => values.reduce((sum, v) => sum + v * v, 0);
  const gain =
    Math.sqrt(energyOf(samples) / (samples.length - 2 * margin) / (energyOf(noise) / noise.length)) *
    10 ** (-decibels / 20);
  noise.forEach((v, i) => {
    samples[i] = (samples[i] ?? 0) + gain * v;
  });
}
