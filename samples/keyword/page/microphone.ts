export interface Recording {
  /** one channel, about -1..1 */
  readonly samples: Float32Array;
  /** samples a second */
  readonly rate: number;
}

export interface RecordOptions {
  /** after which it ends by itself */
  readonly seconds: number;
  /** ends it before */
  readonly signal: AbortSignal;
  /** told what there is so far: first when the microphone is open, then after every block */
  readonly onSound: (soFar: Recording) => void;
}

/** Records the microphone. @throws Error with a message for the person, where there is none or it is refused */
export async function record(options: RecordOptions): Promise<Recording> {
  const stream = await openMicrophone();
  const context = new AudioContext();
  try {
    await context.audioWorklet.addModule(new URL('./recorder-worklet.js', import.meta.url));
    await context.resume();
    return await collect(context, stream, options);
  } finally {
    for (const track of stream.getTracks()) track.stop();
    await context.close();
  }
}

function collect(context: AudioContext, stream: MediaStream, options: RecordOptions): Promise<Recording> {
  const { seconds, signal, onSound } = options;
  const { sampleRate: rate } = context;
  const samples = new Float32Array(Math.ceil(seconds * rate));
  const recorder = new AudioWorkletNode(context, 'recorder', { numberOfOutputs: 0 });
  let length = 0;
  const soFar = (): Recording => ({ samples: samples.subarray(0, length), rate });
  return new Promise((resolve, reject) => {
    recorder.port.onmessage = ({ data }: MessageEvent<Float32Array>) => {
      const block = data.subarray(0, samples.length - length);
      samples.set(block, length);
      length += block.length;
      onSound(soFar());
      if (length === samples.length) resolve(soFar());
    };
    recorder.onprocessorerror = () => reject(new Error('The browser stopped the recording.'));
    const stop = () => resolve(soFar());
    signal.addEventListener('abort', stop);
    if (signal.aborted) stop();
    context.createMediaStreamSource(stream).connect(recorder);
    onSound(soFar());
  });
}

const other = 'A WAV file works here too.';

/** As it sounds: what browsers do for telephone calls, the model has not learnt from. */
const audio = { channelCount: 1, echoCancellation: false, noiseSuppression: false, autoGainControl: false };

async function openMicrophone(): Promise<MediaStream> {
  if (!isSecureContext || !navigator.mediaDevices) {
    throw new Error(`Browsers lend the microphone to pages on https or localhost only. ${other}`);
  }
  try {
    return await navigator.mediaDevices.getUserMedia({ audio });
  } catch (error) {
    throw new Error(`${reasonOf(error)} ${other}`);
  }
}

/** Names of errors are those of Media Capture and Streams, 10.3.2. */
function reasonOf(error: unknown): string {
  const name = error instanceof Error ? error.name : String(error);
  if (name === 'NotAllowedError') {
    return 'The microphone was refused. The browser’s settings for this page allow it again.';
  }
  if (name === 'NotFoundError') return 'This device has no microphone.';
  if (name === 'NotReadableError') return 'The microphone does not answer: another program may hold it.';
  return `The microphone did not open: ${name}.`;
}
