import { ingestOnnx } from './onnx/ingest.ts';
import type { Ingested, IngestOptions, ModelSource } from './source.ts';
import { ingestTensorflow } from './tensorflow/ingest.ts';

/** Reads a model: TensorFlow.js where it is JSON, by its name or its first sign, else ONNX. @throws LccError LCC1xxx */
export const ingest = (source: ModelSource, options: IngestOptions = {}): Ingested =>
  isJson(source) ? ingestTensorflow(source, options) : ingestOnnx(source, options);

/** Whether a model is TensorFlow.js's. */
export const isJson = ({ bytes, file }: ModelSource): boolean =>
  file?.endsWith('.json') || /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 64)));
