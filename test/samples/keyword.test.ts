import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { check } from '../../compiler/6-budget/check.ts';
import { downloadOf } from '../../compiler/6-budget/check-result.ts';
import type { Model } from '../../runtime/abi.ts';
import { bands, featuresOf, findLoudestSecond, frames, loudestSecond, rate } from '../../samples/keyword/features.ts';
import { softmax } from '../../samples/keyword/page/softmax.ts';
import { makePowerSpectrum } from '../../samples/keyword/power-spectrum.ts';
import { varied } from '../../samples/keyword/train/batches.ts';
import { makeRandom } from '../../samples/keyword/train/random.ts';
import { readRecordings } from '../../samples/keyword/train/recordings.ts';
import { vary } from '../../samples/keyword/train/vary.ts';
import { runCli } from '../harness/run-cli.ts';
import { sharedFolder } from '../harness/shared.ts';
import { repository } from '../harness/source-imports.ts';
import { glide, waveFile } from './spoken-sounds.ts';
import { statedSize } from './stated-size.ts';

const home = join(repository, 'samples/keyword');
const shared = sharedFolder();
const voice = glide([300, 2300], [500, 900], 1);
const tone = (hertz: number, length: number): Float32Array =>
  Float32Array.from({ length }, (_, i) => Math.sin((2 * Math.PI * hertz * i) / rate));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lcc-keyword-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('features', () => {
  test('are what a direct Fourier transform gives', () => {
    const noise = makeRandom(1);
    const second = voice.map((v) => v + 0.001 * noise.normal());
    const expected = featuresByDirectTransform(second);
    const actual = featuresOf(second);
    expect(actual).toHaveLength(bands * frames);
    expect(Math.max(...expected.map((v, i) => Math.abs(v - (actual[i] ?? Number.NaN))))).toBeLessThan(1e-6);
    expect(expected.filter((v) => v > 0).length).toBeGreaterThan(bands * 10);
  });

  test('the spectrum of an impulse is flat, and that of a cosine one line of (n / 2)^2', () => {
    expect([...makePowerSpectrum(8)(Float64Array.of(0, 0, 0, 1, 0, 0, 0, 0))].map((v) => v.toFixed(9))).toEqual(
      Array(5).fill('1.000000000'),
    );
    const cosine = Float64Array.from({ length: 16 }, (_, i) => Math.cos((2 * Math.PI * 3 * i) / 16));
    const expected = [0, 0, 0, 64, 0, 0, 0, 0, 0];
    makePowerSpectrum(16)(cosine).forEach((v, k) => {
      expect(v).toBeCloseTo(expected[k] ?? Number.NaN, 9);
    });
  });

  test('a tone of 1000 Hz, 1000 mel, is loudest in the band about that', () => {
    const image = featuresOf(tone(1000, rate));
    // 80 and 3800 Hz are 121.9 and 2097.6 mel; centres are 59.9 mel apart: the 15th is at 1020, the 14th at 960
    const middle = Array.from({ length: bands }, (_, band) => image[band * frames + 24] ?? 0);
    expect(middle.indexOf(Math.max(...middle))).toBe(14);
    expect(Math.max(...middle)).toBeCloseTo(1, 3);
  });

  test('do not depend on how loud the sound is; silence is 0', () => {
    const expected = featuresOf(voice);
    featuresOf(voice.map((v) => v / 64)).forEach((v, i) => {
      expect(v).toBeCloseTo(expected[i] ?? Number.NaN, 5);
    });
    expect(featuresOf(new Float32Array(rate)).every((v) => v === 0)).toBe(true);
  });
});

describe('the loudest second', () => {
  const soundAt = (seconds: number, whole: number): Float32Array => {
    const samples = new Float32Array(whole * rate).fill(0.001);
    samples.set(tone(440, rate / 5), seconds * rate);
    return samples;
  };

  test.each([
    { at: 1.4, whole: 3 },
    { at: 0, whole: 2 },
    { at: 1.8, whole: 2 },
    { at: 0.05, whole: 0.3 },
  ])('a sound of 0.2 s at $at s of $whole s stands in its middle', ({ at, whole }) => {
    expect(findLoudestSecond(soundAt(at, whole)) / rate).toBeCloseTo(at + 0.1 - 0.5, 1);
    const second = loudestSecond(soundAt(at, whole));
    expect(second).toHaveLength(rate);
    const loud = [...second.keys()].filter((i) => Math.abs(second[i] ?? 0) > 0.1);
    expect(((loud[0] ?? 0) + (loud.at(-1) ?? 0)) / 2 / rate).toBeCloseTo(0.5, 1);
  });

  test('nothing is silence', () => {
    expect(loudestSecond(new Float32Array())).toEqual(new Float32Array(rate));
  });
});

describe('training data', () => {
  const archive = (files: Readonly<Record<string, Buffer>>): string => {
    const file = join(folder, 'recordings.tar.gz');
    writeFileSync(
      file,
      gzipSync(Buffer.concat(Object.entries(files).flatMap(([name, bytes]) => tarEntry(name, bytes)))),
    );
    return file;
  };

  test('the archive gives its recordings in the order of digit, speaker and index', () => {
    const quiet = Float32Array.of(0, 0.25, -0.5);
    const file = archive({
      'fsdd/README.md': Buffer.from('# Free Spoken Digit Dataset\n'),
      'fsdd/recordings/3_theo_10.wav': waveFile(quiet),
      'fsdd/recordings/3_theo_9.wav': waveFile(voice),
      'fsdd/recordings/0_yweweler_2.wav': waveFile(quiet),
    });
    const recordings = readRecordings(file);
    expect(recordings.map(({ digit, speaker, index }) => `${digit} ${speaker} ${index}`)).toEqual([
      '0 yweweler 2',
      '3 theo 9',
      '3 theo 10',
    ]);
    expect(recordings[0]?.samples.map((v) => Math.round(1000 * v))).toEqual(Float32Array.of(0, 250, -500));
    expect(recordings[1]?.samples).toHaveLength(voice.length);
  });

  test('another rate, and an archive of something else, are refused', () => {
    expect(() => readRecordings(archive({ '1_theo_1.wav': waveFile(voice, 44100) }))).toThrow(
      '1_theo_1.wav is not one channel of 16 bits at 8,000 Hz',
    );
    expect(() => readRecordings(archive({ 'README.md': Buffer.from('text') }))).toThrow('has no <digit>');
  });

  test('copies differ from each other, and are the same for the same seed', () => {
    const recordings = [{ digit: 4, speaker: 'nobody', index: 5, samples: voice }];
    const copies = [...varied(recordings, 3, 1)];
    expect(copies.map(({ labels }) => [...labels])).toEqual([[4], [4], [4]]);
    expect(new Set(copies.map(({ inputs }) => inputs.image.join())).size).toBe(3);
    expect([...varied(recordings, 3, 1)]).toEqual(copies);
    expect([...varied(recordings, 3, 2)]).not.toEqual(copies);
  });

  test('a copy keeps most of what the recording looks like', () => {
    const random = makeRandom(7);
    const original = featuresOf(loudestSecond(voice));
    const correlations = Array.from({ length: 20 }, () =>
      correlation(original, featuresOf(loudestSecond(vary(voice, random)))),
    );
    expect(Math.min(...correlations)).toBeGreaterThan(0.2);
    expect(Math.max(...correlations)).toBeLessThan(0.999);
  });
});

describe('the compiled model', () => {
  const measured = JSON.parse(readFileSync(join(home, 'accuracy.json'), 'utf8'));
  let bundle: string;
  let build: Awaited<ReturnType<typeof runCli>>;
  let model: Model;

  beforeAll(async () => {
    bundle = join(folder, 'bundle');
    build = await runCli(['build', '-o', bundle, '--no-cache'], home);
    model = await (await import(pathToFileURL(join(bundle, 'index.js')).href)).load();
  });

  test('builds within its budget, as small as is stated', async () => {
    expect(`${build.code} ${build.stderr}`).toMatch(/^0 /);
    const total = downloadOf(await check(bundle, join(home, 'lcc.budget.json')));
    for (const stated of [measured.brotli.total, statedSize('keyword')])
      expect(Math.abs(total / stated - 1)).toBeLessThan(0.01);
    expect(statSync(join(home, 'model.onnx')).size).toBeLessThan(200_000);
  });

  test('gives probabilities that sum to 1', async () => {
    const { logits } = await model.run({ image: featuresOf(voice) });
    const probabilities = softmax(Float32Array.from(logits ?? [], Number));
    expect(probabilities).toHaveLength(10);
    expect(probabilities.reduce((sum, v) => sum + v, 0)).toBeCloseTo(1, 5);
  });

  describe.skipIf(shared === undefined)('on the test recordings', () => {
    const held = () =>
      readRecordings(join(shared ?? '', 'data/fsdd/recordings_0-14.tar.gz')).filter(({ index }) => index < 5);
    const countRight = async (change: (samples: Float32Array) => Float32Array): Promise<number> => {
      let right = 0;
      for (const { digit, samples } of held()) {
        const { logits } = await model.run({ image: featuresOf(loudestSecond(change(samples))) });
        const list = Array.from(logits ?? [], Number);
        if (list.indexOf(Math.max(...list)) === digit) right++;
      }
      return right;
    };

    test('is as accurate as was measured', async () => {
      const right = await countRight((samples) => samples);
      expect(held()).toHaveLength(measured.testSamples);
      // Relaxed SIMD may round otherwise on another machine: a tie then falls the other way.
      expect(Math.abs(right - measured.correct)).toBeLessThanOrEqual(2);
      expect(right / measured.testSamples).toBeGreaterThanOrEqual(0.97);
    });

    test('hears through white noise 20 dB below the voice', async () => {
      const random = makeRandom(5);
      const right = await countRight((samples) => {
        const loudness = Math.sqrt(samples.reduce((sum, v) => sum + v * v, 0) / samples.length);
        const whole = new Float32Array(samples.length + rate);
        whole.set(samples, rate / 2);
        return whole.map((v) => v + 0.1 * loudness * random.normal());
      });
      expect(right / measured.testSamples).toBeGreaterThanOrEqual(0.96);
    });
  });
});

/** The definition of the features, written out; every frame by the sum over its samples for every frequency. */
function featuresByDirectTransform(second: Float32Array): number[] {
  const melOf = (hertz: number) => 2595 * Math.log10(1 + hertz / 700);
  const apart = (melOf(3800) - melOf(80)) / 33;
  const energies = Array.from({ length: 32 }, () => new Array<number>(49).fill(0));
  for (let t = 0; t < 49; t++) {
    for (let k = 0; k <= 128; k++) {
      let [real, imaginary] = [0, 0];
      for (let i = 0; i < 256; i++) {
        const value = (second[160 * t + i] ?? 0) * Math.sin((Math.PI * i) / 256) ** 2;
        real += value * Math.cos((2 * Math.PI * k * i) / 256);
        imaginary -= value * Math.sin((2 * Math.PI * k * i) / 256);
      }
      energies.forEach((row, band) => {
        const centre = melOf(80) + (band + 1) * apart;
        const weight = 1 - Math.abs(melOf(31.25 * k) - centre) / apart;
        if (weight > 0) row[t] = (row[t] ?? 0) + weight * (real ** 2 + imaginary ** 2);
      });
    }
  }
  const loudest = Math.max(...energies.flat());
  return energies.flat().map((energy) => Math.max(0, (10 * Math.log10(energy / loudest) + 50) / 50));
}

function correlation(a: Float32Array, b: Float32Array): number {
  const centred = (values: Float32Array) => {
    const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
    return values.map((v) => v - mean);
  };
  const dot = (x: Float32Array, y: Float32Array) => x.reduce((sum, v, i) => sum + v * (y[i] ?? 0), 0);
  const [x, y] = [centred(a), centred(b)];
  return dot(x, y) / Math.sqrt(dot(x, x) * dot(y, y));
}

/** POSIX tar: header, then the file filled up to 512 bytes. */
function tarEntry(name: string, bytes: Buffer): Buffer[] {
  const header = Buffer.alloc(512);
  header.write(name, 0, 'latin1');
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\0`, 124, 'latin1');
  return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
}
