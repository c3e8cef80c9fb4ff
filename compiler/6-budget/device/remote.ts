import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';
import { addressNotServed, noDeviceJoined } from '../../diagnostics/device.ts';
import { isOwnAddress, localAddresses } from './addresses.ts';
import type { Device } from './device.ts';
import { makeJobServer } from './job-server.ts';

export interface RemoteOptions {
  /** plain http, where browsers hide WebGPU; default false: https with a certificate of its own */
  readonly isPlain?: boolean;
  /** what the device calls this machine; default: every address of it in its networks */
  readonly host?: string;
  /** default: a free one */
  readonly port?: number;
}

/** A page that waits for a device to open it. */
export interface Remote {
  /** any of these, each with a random token: whoever has one may join */
  readonly addresses: readonly string[];
  /** Waits for the device. @param patience seconds @throws LccError LCC6205 */
  device(patience: number): Promise<Device>;
  close(): Promise<void>;
}

/** Serves the page from which a device joins. @throws LccError LCC6204 */
export async function openRemote({ isPlain = false, host, port = 0 }: RemoteOptions = {}): Promise<Remote> {
  const jobs = makeJobServer({ isSecure: !isPlain });
  const hosts = host === undefined ? localAddresses() : [host];
  const server = isPlain
    ? createPlainServer(jobs.listener)
    : createSecureServer(await makeCertificate(hosts), jobs.listener);
  const listensOn = host !== undefined && isOwnAddress(host) ? host : '0.0.0.0';
  const used = await listen(server, listensOn, port);
  const addresses = hosts.map((name) => `${isPlain ? 'http' : 'https'}://${urlHost(name)}:${used}${jobs.path}`);
  const close = async (): Promise<void> => {
    jobs.end();
    await closeServer(server);
  };
  return {
    addresses,
    close,
    device: async (patience) => {
      const late = noDeviceJoined(addresses, patience);
      const name = await within(jobs.joined, 1000 * patience, late);
      return { name, run: jobs.run, close };
    },
  };
}

const urlHost = (host: string): string => (isIP(host) === 6 ? `[${host}]` : host);

/** Signed by itself, for a week: browsers warn of it, and after that treat the page as secure. */
async function makeCertificate(hosts: readonly string[]): Promise<{ key: string; cert: string }> {
  const altNames = hosts.map((host) =>
    isIP(host) > 0 ? ({ type: 7, ip: host } as const) : ({ type: 2, value: host } as const),
  );
  const made = await generate([{ name: 'commonName', value: 'lcc' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notAfterDate: new Date(Date.now() + 7 * 24 * 3600 * 1000),
    extensions: [
      { name: 'basicConstraints', cA: false },
      { name: 'keyUsage', digitalSignature: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames },
    ],
  });
  return { key: made.private, cert: made.cert };
}

/** The port that it listens on. */
async function listen(server: Server, host: string, port: number): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) => reject(addressNotServed(host, port, error.message)));
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Milliseconds that answers under way have to arrive. */
const farewell = 300;

const closeServer = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve());
    setTimeout(() => server.closeAllConnections(), farewell);
  });

async function within<T>(promise: Promise<T>, ms: number, late: Error): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late), ms);
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
