import { createRequire } from 'node:module';
import { Command } from 'commander';
import { createColors } from 'picocolors';
import { LccError } from '../diagnostics/index.ts';
import type { MakeCommand } from './run.ts';

/** One thing this machine has or lacks. */
export interface Finding {
  readonly name: string;
  readonly isFound: boolean;
  readonly isRequired: boolean;
  readonly text: string;
  /** what to do when it is not found */
  readonly remedy: string;
}

export const doctorCommand: MakeCommand = (io, finish) =>
  new Command('doctor')
    .description('Tell what this machine has for building and measuring, and what to install.')
    .option('--json', 'print JSON')
    .addHelpText('after', '\nExit code 2 when something that lcc build needs is missing.')
    .action(async ({ json }: { json?: true }) => {
      const findings = [nodeVersion(), ...(await browserFindings()), onnxRuntime(), await training()];
      if (json) io.stdout(`${JSON.stringify(findings, undefined, 2)}\n`);
      else io.stdout(findings.map((finding) => printFinding(finding, io.isTerminal)).join(''));
      finish(findings.some((finding) => finding.isRequired && !finding.isFound) ? 2 : 0);
    });

function printFinding({ name, isFound, isRequired, text, remedy }: Finding, isTerminal: boolean): string {
  const colors = createColors(isTerminal);
  const mark = isFound ? colors.green('ok     ') : isRequired ? colors.red('missing') : colors.yellow('without');
  const line = `${mark}  ${name.padEnd(16)}  ${text}\n`;
  return isFound ? line : `${line}${' '.repeat(27)}Next: ${remedy}\n`;
}

function nodeVersion(): Finding {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return {
    name: 'Node',
    isFound: major > 20 || (major === 20 && minor >= 16),
    isRequired: true,
    text: `${process.versions.node}, 20.16 or newer is needed`,
    remedy: 'Install Node 20.16 or newer.',
  };
}

function onnxRuntime(): Finding {
  let isFound = true;
  try {
    createRequire(import.meta.url).resolve('onnxruntime-web');
  } catch {
    isFound = false;
  }
  return {
    name: 'onnxruntime-web',
    isFound,
    isRequired: false,
    text: `${isFound ? 'installed' : 'not installed'}: a second opinion in parity, and the other side of lcc bench`,
    remedy: 'Run npm install onnxruntime-web for a second opinion in parity and bench.',
  };
}

/** Where `lcc train` would run, and why nowhere faster. */
async function training(): Promise<Finding> {
  const { chooseBackend } = await import('../2-train/engine/choose-backend.ts');
  const { name, reason } = await chooseBackend();
  return {
    name: 'Training',
    isFound: name !== 'wasm',
    isRequired: false,
    text: `on ${name}: ${reason}`,
    remedy:
      'Run npm install @tensorflow/tfjs-node-gpu (CUDA) or @tensorflow/tfjs-node to train faster than on one core.',
  };
}

interface Capabilities {
  readonly version: string;
  readonly webgpu: string | false;
  readonly relaxedSimd: boolean;
}

/** Bytes of a module with one f32x4.relaxed_madd. */
const relaxedSimdModule = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0, 10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2,
  253, 133, 2, 11,
];

const probePage = `export default async (module) => {
  const adapter = await navigator.gpu?.requestAdapter();
  const device = await adapter?.requestDevice().catch(() => undefined);
  return {
    version: navigator.userAgent.match(/Chrom[a-z]*\\/([\\d.]+)/)?.[1] ?? 'of unknown version',
    webgpu: device !== undefined && ([adapter.info.vendor, adapter.info.architecture].filter(Boolean).join(' ') || 'yes'),
    relaxedSimd: WebAssembly.validate(new Uint8Array(module)),
  };
};`;

/** What it is for. */
const uses = 'times in lcc check, lcc report, bench and calibrate';

async function browserFindings(): Promise<Finding[]> {
  const { findBrowser, launchBrowser, runInPage } = await import('../6-budget/browser/index.ts');
  try {
    const found = await findBrowser();
    const browser = await launchBrowser({ browser: found });
    try {
      const page = await runInPage(browser, { module: probePage, argument: relaxedSimdModule });
      return describeBrowser(`${found.path} (${found.from})`, page as Capabilities);
    } finally {
      await browser.close();
    }
  } catch (error) {
    if (!(error instanceof LccError)) throw error;
    const { what, remedy } = error.diagnostic;
    return [
      { name: 'Browser', isFound: false, isRequired: false, text: `${what} Without one there are no ${uses}.`, remedy },
    ];
  }
}

function describeBrowser(place: string, { version, webgpu, relaxedSimd }: Capabilities): Finding[] {
  const update = 'Use Chrome or Chromium 114 or newer; lcc then proves these variants too.';
  return [
    {
      name: 'Browser',
      isFound: true,
      isRequired: false,
      text: `${version} at ${place}, for ${uses}`,
      remedy: update,
    },
    {
      name: 'WebGPU',
      isFound: webgpu !== false,
      isRequired: false,
      text: webgpu === false ? 'no adapter, not even software: WebGPU code is not proven' : `adapter: ${webgpu}`,
      remedy: update,
    },
    {
      name: 'Relaxed SIMD',
      isFound: relaxedSimd,
      isRequired: false,
      text: relaxedSimd ? 'in the browser' : 'not in the browser',
      remedy: update,
    },
  ];
}
