import { type Command, Option } from 'commander';
import type { Backend } from '../../targets/target.ts';
import type { DeviceChoice } from '../6-budget/device/index.ts';
import { flagInvalid, unknownChoice } from '../diagnostics/cli.ts';

/** The browser that measures, as flags name it. */
export interface DeviceFlags {
  readonly remote?: true;
  readonly webdriver?: string;
  readonly capabilities?: string;
  readonly http?: true;
  readonly host?: string;
  readonly port?: string;
  readonly gpu: string;
}

const gpus = ['software', 'hardware'] as const;
type Gpu = (typeof gpus)[number];

export const withDeviceFlags = (command: Command, gpu: Gpu = 'software'): Command =>
  command
    .option('--remote', 'in the browser of a device that opens a page of this machine, such as a phone')
    .option('--webdriver <url>', 'in the browser behind a WebDriver endpoint, such as a device farm')
    .option('--capabilities <json>', 'what to ask the endpoint for')
    .option('--http', 'serve the page over plain http, where browsers hide WebGPU, instead of https')
    .option('--host <name>', 'what the device calls this machine (default: its addresses)')
    .option('--port <number>', 'where the page is served (default: a free one)')
    .addOption(new Option('--gpu <kind>', 'software or hardware').default(gpu));

/** @throws LccError LCC0002, LCC0003 */
export function parseDeviceFlags({
  remote,
  webdriver,
  capabilities,
  http,
  host,
  port,
  gpu,
}: DeviceFlags): DeviceChoice {
  const serving = {
    ...(http && { isPlain: true }),
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port: parsePort(port) }),
  };
  if (webdriver !== undefined) {
    if (!URL.canParse(webdriver)) throw flagInvalid('--webdriver', webdriver, 'a URL');
    return { kind: 'webdriver', url: webdriver, capabilities: parseCapabilities(capabilities), ...serving };
  }
  return remote ? { kind: 'remote', ...serving } : { kind: 'local', gpu: parseGpu(gpu) };
}

/** @throws LccError LCC0003 */
export function parseGpu(given: string): Gpu {
  const gpu = gpus.find((one) => one === given);
  if (!gpu) throw unknownChoice('GPU', given, gpus);
  return gpu;
}

export const backends: readonly Backend[] = ['wasm', 'webgpu'];

/** The one backend that is timed. @throws LccError LCC0003 */
export function parseBackend(given: string): Backend {
  const backend = backends.find((one) => one === given);
  if (!backend) throw unknownChoice('backend', given, backends);
  return backend;
}

function parsePort(given: string): number {
  const port = Number(given);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw flagInvalid('--port', given, 'a number up to 65535');
}

function parseCapabilities(given = '{}'): Readonly<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(given);
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed };
  } catch {
    // Reported below, like JSON that is no object.
  }
  throw flagInvalid('--capabilities', given, 'a JSON object');
}
