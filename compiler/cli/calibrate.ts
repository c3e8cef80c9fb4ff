import { resolve } from 'node:path';
import { Command } from 'commander';
import { isProfileName } from '../../targets/profiles/index.ts';
import type { DeviceProfile } from '../../targets/profiles/profile.ts';
import type { Calibration } from '../6-budget/calibrate/calibrate.ts';
import { writeWhole } from '../data/write-whole.ts';
import { printTable } from '../describe/table.ts';
import { flagInvalid } from '../diagnostics/cli.ts';
import { profileNotWritten } from '../diagnostics/device.ts';
import { printBytes } from '../quantity/bytes.ts';
import { printCount } from '../quantity/count.ts';
import { printDuration } from '../quantity/duration.ts';
import { type DeviceFlags, parseDeviceFlags, parseGpu, withDeviceFlags } from './device-flags.ts';
import type { Io } from './io.ts';
import type { MakeCommand } from './run.ts';

interface CalibrateFlags extends DeviceFlags {
  readonly name?: string;
  readonly description?: string;
  readonly output?: string;
  readonly json?: true;
}

const notes = `
Runs the calibration kernels in a browser for some seconds: multiply-adds, reads from memory, wasm to
compile, and on WebGPU a product, reads, dispatches and round trips. A software GPU is measured only with
--gpu software: its rates mean nothing. With --remote a page is served on the local network; open its
address on the phone, by the QR code where there is a terminal, and go on past the warning of its
certificate. Nobody without the address can join.

Examples:
  lcc calibrate                                    this machine's browser
  lcc calibrate --remote --name my-phone           a phone in the same network
  lcc calibrate --webdriver http://localhost:9515  a browser that chromedriver starts
  lcc check dist/model --device my-phone.json      with what came of it`;

export const calibrateCommand: MakeCommand = (io, finish) =>
  withDeviceFlags(new Command('calibrate').description('Measure a device and write its profile.'), 'hardware')
    .option('--name <name>', 'of the profile (default: of the browser)')
    .option('--description <text>', 'one line for people')
    .option('-o, --output <file>', 'where the profile goes (default: <name>.json)')
    .option('--json', 'print JSON')
    .addHelpText('after', notes)
    .action(async (flags: CalibrateFlags) => {
      const found = await calibrateDevice(flags, io);
      const file = resolve(io.cwd, flags.output ?? `${found.profile.name}.json`);
      writeProfile(file, found.profile);
      if (flags.json) io.stdout(`${JSON.stringify({ file, ...found }, undefined, 2)}\n`);
      else io.stdout(`${printRates(found)}${file}\n`);
      if (found.disturbed > busyFrom) io.stderr(printBusy(found.disturbed));
      finish(0);
    });

async function calibrateDevice(flags: CalibrateFlags, io: Io): Promise<Calibration> {
  const choice = parseDeviceFlags(flags);
  const acceptsSoftwareGpu = parseGpu(flags.gpu) === 'software';
  if (flags.name !== undefined) requireNewName(flags.name);
  const [{ openDevice }, { calibrate }] = await Promise.all([
    import('../6-budget/device/index.ts'),
    import('../6-budget/calibrate/calibrate.ts'),
  ]);
  const device = await openDevice(choice, io.stderr, io.isTerminal);
  try {
    return await calibrate(device.run, {
      name: flags.name ?? nameOfBrowser(device.name),
      ...(flags.description !== undefined && { description: flags.description }),
      acceptsSoftwareGpu,
      date: new Date().toISOString().slice(0, 10),
    });
  } finally {
    await device.close();
  }
}

/** Names stand in flags, in budgets and as files. @throws LccError LCC0002 */
function requireNewName(name: string): void {
  if (!/^[a-z0-9][a-z0-9._-]*$/i.test(name)) throw flagInvalid('--name', name, 'letters, digits, dots and dashes');
  if (isProfileName(name)) throw flagInvalid('--name', name, 'a name that no profile of lcc has');
}

/** `Chrome 147 on Android` as `chrome-147-on-android`. */
const nameOfBrowser = (browser: string): string => browser.toLowerCase().replaceAll(/[^a-z0-9.]+/g, '-');

/** @throws LccError LCC6203 */
function writeProfile(file: string, profile: DeviceProfile): void {
  try {
    writeWhole(file, `${JSON.stringify(profile, undefined, 2)}\n`);
  } catch (error) {
    throw profileNotWritten(file, error instanceof Error ? error.message : String(error));
  }
}

/** With more of the rounds disturbed than this the others may be too. */
const busyFrom = 0.5;
const printBusy = (disturbed: number): string =>
  `the device was busy: ${Math.round(100 * disturbed)} % of the rounds were slowed down; measure again when it is quiet\n`;

function printRates({ profile: { description, wasm, webgpu }, webgpu: gpu }: Calibration): string {
  const speed = (perSecond: number): string => `${printCount(perSecond)} multiply-adds/s`;
  const rate = (perSecond: number): string => `${printBytes(perSecond)}/s`;
  const rows = [
    ['wasm', 'float32 SIMD', speed(wasm.float)],
    ['', 'int8 SIMD', speed(wasm.integer)],
    ['', 'memory', rate(wasm.bandwidth)],
    ['', 'compile and first run', rate(wasm.compile)],
    ...(webgpu
      ? [
          ['webgpu', 'float32', speed(webgpu.float)],
          ['', 'memory', rate(webgpu.bandwidth)],
          ['', 'dispatch', printDuration(webgpu.dispatch)],
          ['', 'round trip', printDuration(webgpu.roundTrip)],
          ['', 'pipeline', printDuration(webgpu.pipeline)],
        ]
      : []),
  ];
  const note = gpu.kind === 'measured' ? `webgpu on ${gpu.adapter}` : `webgpu not measured: ${gpu.reason}`;
  return `${description}\n${printTable(rows)}${note}\n`;
}
