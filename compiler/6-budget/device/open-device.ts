import { renderUnicodeCompact } from 'uqr';
import type { Device } from './device.ts';
import { openLocal } from './local.ts';
import { openRemote, type RemoteOptions } from './remote.ts';
import { type Capabilities, openWebDriver } from './webdriver.ts';

/** Which browser measures. */
export type DeviceChoice =
  | { readonly kind: 'local'; readonly gpu: 'software' | 'hardware' }
  | ({ readonly kind: 'remote' } & RemoteOptions)
  | ({ readonly kind: 'webdriver'; readonly url: string; readonly capabilities: Capabilities } & RemoteOptions);

/** Seconds to fetch a phone, unlock it and point it at the code. */
const patience = 600;

/**
 * Opens the browser that was chosen. @param tell gets what a person must know, such as the address to open
 * @param showsCode whether `tell` reaches a terminal, where a QR code of the address can be drawn
 * @throws LccError LCC600x and LCC62xx
 */
export async function openDevice(
  choice: DeviceChoice,
  tell: (text: string) => void,
  showsCode: boolean,
): Promise<Device> {
  switch (choice.kind) {
    case 'local':
      return openLocal(choice.gpu);
    case 'webdriver':
      return openWebDriver(choice.url, choice);
    case 'remote': {
      const remote = await openRemote(choice);
      tell(printInvitation(remote.addresses, choice.isPlain === true, showsCode));
      try {
        const device = await remote.device(patience);
        tell(`${device.name} joined\n`);
        return device;
      } catch (error) {
        await remote.close();
        throw error;
      }
    }
    default:
      return choice satisfies never;
  }
}

function printInvitation(addresses: readonly string[], isPlain: boolean, showsCode: boolean): string {
  const [address = ''] = addresses;
  const code = showsCode ? `${renderUnicodeCompact(address)}\n` : '';
  const hint = isPlain
    ? 'Over plain http browsers hide WebGPU: only wasm is measured.\n'
    : 'The browser warns of the certificate, which lcc made for this run: go on to the page.\n';
  return `${code}Open on the device, in the same network:\n${addresses.map((one) => `  ${one}\n`).join('')}${hint}`;
}
