import { networkInterfaces } from 'node:os';

const own = () => Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);

/** IPv4 addresses under which other devices may reach this machine; the loopback address where there are none. */
export function localAddresses(): readonly string[] {
  const reachable = own().filter(({ family, internal }) => family === 'IPv4' && !internal);
  return reachable.length > 0 ? reachable.map(({ address }) => address) : [loopback];
}

export const loopback = '127.0.0.1';

/** Whether this machine can listen on exactly that address. */
export const isOwnAddress = (host: string): boolean => own().some(({ address }) => address === host);
