/** A decoded picture: [height, width, channels], 0..255; 1 channel is grey, 3 red, green, blue. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly channels: 1 | 3;
  readonly data: Uint8Array;
}

/** Luma of ITU-R BT.601, as Pillow converts to grey. */
export function toGrey(picture: Picture): Picture {
  if (picture.channels === 1) return picture;
  const { data, width, height } = picture;
  const grey = Uint8Array.from({ length: width * height }, (_, i) => {
    const [r = 0, g = 0, b = 0] = data.subarray(3 * i, 3 * i + 3);
    return Math.round(0.299 * r + 0.587 * g + 0.114 * b);
  });
  return { width, height, channels: 1, data: grey };
}

export function toColor(picture: Picture): Picture {
  if (picture.channels === 3) return picture;
  const { data, width, height } = picture;
  return {
    width,
    height,
    channels: 3,
    data: Uint8Array.from({ length: data.length * 3 }, (_, e) => data[Math.floor(e / 3)] ?? 0),
  };
}

/** The middle of a picture that is at least as large. */
export function cropPicture(picture: Picture, height: number, width: number): Picture {
  if (picture.height === height && picture.width === width) return picture;
  const { channels } = picture;
  const top = Math.floor((picture.height - height) / 2);
  const left = Math.floor((picture.width - width) / 2);
  const data = new Uint8Array(height * width * channels);
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * picture.width + left) * channels;
    data.set(picture.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { width, height, channels, data };
}
