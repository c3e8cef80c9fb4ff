import { expect, it } from 'vitest';
import {
  bundleWithoutBackend,
  gpuWithoutTimestamps,
  measuredNotReadable,
  noGpuToTime,
  reportNotWritten,
  softwareGpuRefused,
} from '../../compiler/diagnostics/report.ts';

it('what goes wrong with reports, word for word', () => {
  const errors = [
    bundleWithoutBackend('dist/model', 'webgpu', ['wasm']),
    measuredNotReadable('lcc.measured.json', 'it is no JSON object'),
    reportNotWritten('report.html', 'EACCES'),
    noGpuToTime(),
    softwareGpuRefused('google swiftshader'),
    gpuWithoutTimestamps('a vendor and its chip'),
  ];
  expect(errors.map(({ exitCode }) => exitCode)).toEqual([2, 2, 2, 2, 2, 2]);
  expect(errors.map(({ message }) => message).join('\n\n')).toMatchInlineSnapshot(`
    "LCC6301: The bundle is to be timed on WebGPU, which it was not built for.
      at dist/model
      backends: wasm
      Next: Time it with --backend wasm, or build it for a target with both, such as mobile-webgpu, without --backends.

    LCC6302: What was measured of the bundle cannot be read: it is no JSON object.
      at lcc.measured.json
      Next: Remove the file, or build the bundle again.

    LCC6303: The report cannot be written: EACCES.
      at report.html
      Next: Name a file in a folder that can be written with -o.

    LCC6304: Kernels are to be timed on WebGPU, and the browser has no adapter.
      Next: Run lcc report where the browser sees a GPU; lcc doctor tells what it sees.

    LCC6305: The WebGPU adapter is software, whose times mean nothing.
      adapter: google swiftshader
      Next: Run lcc report where the browser sees a GPU, or ask for such times by name: --gpu software.

    LCC6306: The WebGPU adapter cannot time kernels: it lacks timestamp-query.
      adapter: a vendor and its chip
      Next: Run lcc report in a browser or on a GPU that has it; lcc bench --backend webgpu times whole runs."
  `);
});
