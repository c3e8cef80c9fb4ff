import type { Graph } from '../ir/graph.ts';
import type { Bindings } from './bind.ts';
import type { ConstantBindings } from './type-constants.ts';

export interface ModelSource {
  readonly bytes: Uint8Array;
  /** Path of the model: for messages, and for data beside it. */
  readonly file?: string | undefined;
}

export interface IngestOptions extends Omit<Bindings, 'constants'> {
  readonly constants?: ConstantBindings | undefined;
}

/** A file that a model is made of, named as the model names it. */
export interface ModelFile {
  readonly file: string;
  readonly bytes: Uint8Array;
}

export interface Ingested {
  /** Verified; holds lcc's ops only, and no node whose inputs are all known. */
  readonly graph: Graph;
  readonly notes: readonly string[];
  /** The files beside the one that was named; undefined: the model is an ONNX file. */
  readonly parts?: readonly ModelFile[] | undefined;
}
