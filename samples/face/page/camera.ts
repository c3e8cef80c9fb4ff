export interface Camera {
  readonly video: HTMLVideoElement;
  /** The camera looks at who holds the device. */
  readonly isSelf: boolean;
  /** Resolves when there is another picture, or none any more. */
  nextFrame(): Promise<void>;
  stop(): void;
}

const reasons: Readonly<Record<string, string>> = {
  NotAllowedError: 'The camera was refused. Allow it for this page in the settings of the browser, then try again.',
  NotFoundError: 'This device has no camera.',
  NotReadableError: 'The camera is in use by another program.',
};

/** The camera in front where there is one. Throws an error that tells a person what is missing. */
export async function openCamera(): Promise<Camera> {
  if (!isSecureContext || !navigator.mediaDevices) {
    throw new Error('Browsers give the camera to pages on https:// and localhost only.');
  }
  const constraints = { video: { facingMode: 'user', width: { ideal: 640 }, height: { ideal: 480 } } };
  const stream = await navigator.mediaDevices.getUserMedia(constraints).catch((error: Error) => {
    throw new Error(reasons[error.name] ?? `The camera did not start: ${error.message}`);
  });
  const video = document.createElement('video');
  video.muted = true;
  video.playsInline = true;
  video.srcObject = stream;
  await video.play();
  return {
    video,
    isSelf: stream.getVideoTracks()[0]?.getSettings().facingMode !== 'environment',
    async nextFrame() {
      const shown = video.currentTime;
      while (stream.active && video.currentTime === shown) await new Promise(requestAnimationFrame);
    },
    stop() {
      for (const track of stream.getTracks()) track.stop();
      video.srcObject = null;
    },
  };
}
