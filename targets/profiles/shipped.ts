import { laptop } from './laptop.ts';
import { phoneHigh } from './phone-high.ts';
import { phoneLow } from './phone-low.ts';
import { phoneMid } from './phone-mid.ts';
import type { DeviceProfile } from './profile.ts';
import { serverCore } from './server-core.ts';
import { tv } from './tv.ts';

/** The device profiles that come with lcc, in the order `lcc targets` prints them. */
export const profiles = {
  'phone-low': phoneLow,
  'phone-mid': phoneMid,
  'phone-high': phoneHigh,
  laptop,
  tv,
  'server-core': serverCore,
} as const satisfies Record<string, DeviceProfile>;

export type ProfileName = keyof typeof profiles;

export const isProfileName = (name: string): name is ProfileName => Object.hasOwn(profiles, name);
