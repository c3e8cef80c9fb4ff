import type { DeviceProfile } from './profile.ts';

export const serverCore: DeviceProfile = {
  name: 'server-core',
  description: 'one core of a server: AMD EPYC of the fourth generation (Zen 4), 3.6 GHz',
  origin: { kind: 'measured', browser: 'Chrome 147 on Linux', cores: 2, date: '2026-11-28', kernels: 1 },
  wasm: { float: 26.3e9, integer: 42.3e9, bandwidth: 25e9, compile: 47e6 },
};
