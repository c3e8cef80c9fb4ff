import { expect, it } from 'vitest';
import {
  addressNotServed,
  deviceLost,
  noDeviceJoined,
  profileInvalid,
  profileNotWritten,
  profileUnknown,
  profileWithoutWebGpu,
  webDriverFailed,
} from '../../compiler/diagnostics/device.ts';

it('what goes wrong with devices and their profiles, word for word', () => {
  const errors = [
    profileUnknown('phone', ['phone-low', 'tv']),
    profileInvalid('mine.json', 'wasm.float is not a number above 0'),
    profileNotWritten('mine.json', 'EACCES'),
    addressNotServed('0.0.0.0', 80, 'EACCES'),
    noDeviceJoined(['https://192.0.2.1:4000/f00/'], 600),
    deviceLost(60),
    webDriverFailed('http://localhost:9515', 'no such browser.'),
    profileWithoutWebGpu('my-phone'),
  ];
  expect(errors.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2, 2, 2, 2]);
  expect(errors.map(({ message }) => message).join('\n\n')).toMatchInlineSnapshot(`
    "LCC6201: There is no device profile "phone", and no file of that name.
      Next: Choose from phone-low, tv, or name a file that lcc calibrate wrote.

    LCC6202: This is not a device profile: wasm.float is not a number above 0.
      at mine.json
      Next: Name a file that lcc calibrate wrote, or make one: lcc calibrate -o profile.json.

    LCC6203: The profile cannot be written: EACCES.
      at mine.json
      Next: Name a file in a folder that you may write to: -o profile.json.

    LCC6204: The page for the device cannot be served: EACCES.
      host: 0.0.0.0
      port: 80
      Next: Name an address of this machine with --host and a free port with --port, or leave both out.

    LCC6205: No device opened the page within 600 seconds.
      - https://192.0.2.1:4000/f00/
      Next: Open the address on a device in the same network; a firewall on this machine must let the port through.

    LCC6206: The device no longer answers: it did not ask for work for 60 seconds.
      Next: Keep the page open in the foreground and the screen on, then start again.

    LCC6207: The WebDriver endpoint failed: no such browser.
      at http://localhost:9515
      Next: Check the address, and the capabilities that it wants with --capabilities.

    LCC6208: The profile my-phone has no rates of WebGPU, on which alone this bundle runs.
      Next: Build for wasm too (--backends webgpu,wasm), or name the profile of a device that has WebGPU."
  `);
});
