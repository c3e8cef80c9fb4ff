import { LccError } from './diagnostic.ts';

/* LCC62xx: devices that measure, and their profiles. */

export const profileUnknown = (given: string, known: readonly string[]) =>
  new LccError({
    code: 'LCC6201',
    what: `There is no device profile "${given}", and no file of that name.`,
    remedy: `Choose from ${known.join(', ')}, or name a file that lcc calibrate wrote.`,
  });

export const profileInvalid = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6202',
    what: `This is not a device profile: ${reason}.`,
    where: { file },
    remedy: 'Name a file that lcc calibrate wrote, or make one: lcc calibrate -o profile.json.',
  });

export const profileNotWritten = (file: string, reason: string) =>
  new LccError({
    code: 'LCC6203',
    what: `The profile cannot be written: ${reason}.`,
    where: { file },
    remedy: 'Name a file in a folder that you may write to: -o profile.json.',
  });

export const addressNotServed = (host: string, port: number, reason: string) =>
  new LccError({
    code: 'LCC6204',
    what: `The page for the device cannot be served: ${reason}.`,
    values: { host, port },
    remedy: 'Name an address of this machine with --host and a free port with --port, or leave both out.',
  });

export const noDeviceJoined = (addresses: readonly string[], seconds: number) =>
  new LccError({
    code: 'LCC6205',
    what: `No device opened the page within ${seconds} seconds.`,
    details: addresses,
    remedy: 'Open the address on a device in the same network; a firewall on this machine must let the port through.',
  });

export const deviceLost = (seconds: number) =>
  new LccError({
    code: 'LCC6206',
    what: `The device no longer answers: it did not ask for work for ${seconds} seconds.`,
    remedy: 'Keep the page open in the foreground and the screen on, then start again.',
  });

export const webDriverFailed = (url: string, reason: string) =>
  new LccError({
    code: 'LCC6207',
    what: `The WebDriver endpoint failed: ${reason}`,
    where: { file: url },
    remedy: 'Check the address, and the capabilities that it wants with --capabilities.',
  });

export const profileWithoutWebGpu = (name: string) =>
  new LccError({
    code: 'LCC6208',
    what: `The profile ${name} has no rates of WebGPU, on which alone this bundle runs.`,
    remedy: 'Build for wasm too (--backends webgpu,wasm), or name the profile of a device that has WebGPU.',
  });
