export type { Device, RunPage } from './device.ts';
export { type DeviceChoice, openDevice } from './open-device.ts';
