export { estimateFromWork } from './estimate-time.ts';
export { parseProfile, readProfile } from './parse-profile.ts';
export type { DeviceProfile } from './profile.ts';
export { isProfileName, type ProfileName, profiles } from './shipped.ts';
