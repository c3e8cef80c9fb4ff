/** Where training can run, what is tried first being first. */
export const backendNames = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm'] as const;
export type BackendName = (typeof backendNames)[number];
