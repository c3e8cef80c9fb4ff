import { desktopWebGpu } from './desktop-webgpu.ts';
import { edgeWorker } from './edge-worker.ts';
import { embeddedWasm } from './embedded-wasm.ts';
import { mobileWasm } from './mobile-wasm.ts';
import { mobileWebGpu } from './mobile-webgpu.ts';
import { node } from './node.ts';
import type { Target } from './target.ts';

/** The named targets, in the order `lcc targets` prints them. */
export const targets = {
  'mobile-webgpu': mobileWebGpu,
  'mobile-wasm': mobileWasm,
  'desktop-webgpu': desktopWebGpu,
  'embedded-wasm': embeddedWasm,
  'edge-worker': edgeWorker,
  node,
} as const satisfies Record<string, Target>;

export type TargetName = keyof typeof targets;

export const isTargetName = (name: string): name is TargetName => Object.hasOwn(targets, name);
