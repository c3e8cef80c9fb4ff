import { rate } from '../features.ts';
import type { Recording } from './microphone.ts';

/** The samples of a sound file in any format that the browser plays, at the model's rate; channels are averaged. */
export async function decode(file: Blob): Promise<Float32Array> {
  const context = new OfflineAudioContext(1, 1, rate);
  const sound = await context.decodeAudioData(await file.arrayBuffer());
  const samples = new Float32Array(sound.length);
  for (let channel = 0; channel < sound.numberOfChannels; channel++) {
    sound.getChannelData(channel).forEach((v, i) => {
      samples[i] = (samples[i] ?? 0) + v / sound.numberOfChannels;
    });
  }
  return samples;
}

/** A recording at the model's rate. */
export async function resample({ samples, rate: from }: Recording): Promise<Float32Array> {
  if (samples.length === 0) return samples;
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * rate) / from), rate);
  const buffer = context.createBuffer(1, samples.length, from);
  buffer.getChannelData(0).set(samples);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}
