/** Samples a second of the sounds here. */
const rate = 8000;

/** Hertz of the two lowest resonances of a mouth. */
type Formants = readonly [number, number];

/**
 * A voice of 120 Hz that glides from one vowel to another in 0.5 s, in the middle of `seconds` of silence: harmonics, each as
 * loud as the resonances let it, under a raised cosine.
 */
export function glide(from: Formants, to: Formants, seconds: number): Float32Array {
  const pitch = 120;
  const length = rate / 2;
  const start = Math.round((seconds * rate - length) / 2);
  const samples = new Float32Array(seconds * rate);
  for (let i = 0; i < length; i++) {
    const along = i / length;
    const formants = from.map((hertz, f) => hertz + along * ((to[f] ?? hertz) - hertz));
    let sum = 0;
    for (let hertz = pitch; hertz < 3500; hertz += pitch) {
      const gain = formants.reduce((total, formant) => total + 1 / (1 + ((hertz - formant) / 100) ** 2), 0);
      sum += gain * Math.sin((2 * Math.PI * hertz * i) / rate);
    }
    samples[start + i] = 0.1 * sum * (0.5 - 0.5 * Math.cos(2 * Math.PI * along));
  }
  return samples;
}

/** RIFF WAVE of one channel of 16 bits. */
export function waveFile(samples: Float32Array, samplesPerSecond = rate): Buffer {
  const file = Buffer.alloc(44 + 2 * samples.length);
  file.write('RIFF', 0, 'latin1');
  file.writeUInt32LE(36 + 2 * samples.length, 4);
  file.write('WAVEfmt ', 8, 'latin1');
  file.writeUInt32LE(16, 16);
  file.writeUInt16LE(1, 20);
  file.writeUInt16LE(1, 22);
  file.writeUInt32LE(samplesPerSecond, 24);
  file.writeUInt32LE(2 * samplesPerSecond, 28);
  file.writeUInt16LE(2, 32);
  file.writeUInt16LE(16, 34);
  file.write('data', 36, 'latin1');
  file.writeUInt32LE(2 * samples.length, 40);
  samples.forEach((v, i) => {
    file.writeInt16LE(Math.round(Math.max(-1, Math.min(1, v)) * 32767), 44 + 2 * i);
  });
  return file;
}
