import type { Site } from '../../browser/index.ts';
import type { PortTask } from '../../page-feeds.ts';

export type BackendName = 'wasm' | 'webgpu';

/** Engines that a bundle is measured beside. */
export const rivalNames = ['onnxruntime-web', 'tfjs'] as const;
export type RivalName = (typeof rivalNames)[number];

/** An engine as the page's site holds it. */
export interface Engine<Name extends string = string> {
  readonly name: Name;
  /** Runs in the page, as its own text: it may refer to nothing outside itself. */
  readonly open: OpenInPage;
  /** What the page is served for it. @throws LccError LCC0007 for a package that is not installed */
  site(backend: BackendName): Promise<Pick<Site, 'files' | 'folders'>>;
}

export type OpenInPage = (task: OpenTask) => Promise<OpenEngine>;

export interface OpenTask {
  readonly backend: BackendName;
  readonly feeds: readonly Feed[];
  /** names, in the order that results are wanted in */
  readonly outputs: readonly string[];
  /** runs fill the same result arrays, where the engine can */
  readonly reusesResults: boolean;
  /** imports a module of the page's site */
  load(path: string): Promise<unknown>;
}

/** An input and the numbers that it is fed. */
export interface Feed extends PortTask {
  readonly data: ArrayBufferView;
}

export type Results = readonly ArrayLike<number | bigint>[];

export interface OpenEngine {
  /** the backend that runs */
  readonly backend: string;
  readonly run: () => Promise<Results>;
}
