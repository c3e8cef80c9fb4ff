import { type Browser, chromium } from 'playwright-core';
import { browserDidNotStart } from '../../diagnostics/browser.ts';
import { type FoundBrowser, findBrowser } from './find.ts';

const quietFlags = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--disable-dev-shm-usage',
];

/** WebGPU on SwiftShader where the machine has no GPU: right values, meaningless times. */
const softwareGpuFlags = [
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--use-angle=swiftshader',
  // SwiftShader compiles that extension's zeroes one store each: a second per shader with workgroup memory.
  '--disable-dawn-features=use_vulkan_zero_initialize_workgroup_memory_extension',
];

/** WebGPU on the machine's own GPU, headless. */
const hardwareGpuFlags = ['--enable-unsafe-webgpu', '--enable-features=Vulkan', '--ignore-gpu-blocklist'];

export interface LaunchOptions {
  /** default: software, which is there on every machine */
  readonly gpu?: 'software' | 'hardware';
  readonly browser?: FoundBrowser;
  readonly flags?: readonly string[];
}

/** A headless browser with a profile of its own. @throws LccError when none is found or it does not start */
export async function launchBrowser(options: LaunchOptions = {}): Promise<Browser> {
  const found = options.browser ?? (await findBrowser());
  const gpuFlags = options.gpu === 'hardware' ? hardwareGpuFlags : softwareGpuFlags;
  try {
    return await chromium.launch({
      executablePath: found.path,
      headless: true,
      env: environmentOf(found),
      args: ['--headless=new', ...quietFlags, ...gpuFlags, ...(options.flags ?? [])],
    });
  } catch (error) {
    const reason = error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error);
    throw browserDidNotStart(found.path, reason);
  }
}

/** The carried libraries go to the browser's process alone. */
function environmentOf({ libraries }: FoundBrowser): Record<string, string> {
  const environment = Object.fromEntries(
    Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  if (libraries === undefined) return environment;
  const search = [environment.LD_LIBRARY_PATH, libraries].filter((path) => path !== undefined && path !== '').join(':');
  return { ...environment, LD_LIBRARY_PATH: search };
}
