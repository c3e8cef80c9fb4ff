export { estimateFromWork } from './estimate-time.ts';
export { parseProfile, placeProfile, readProfile } from './parse-profile.ts';
export type { DeviceProfile } from './profile.ts';
export { isProfileName, type ProfileName, profiles } from './shipped.ts';
