import { type WrittenModel, writeOnnx } from '../../compiler/1-ingest/onnx/write.ts';

export type { WrittenModel, WrittenNode } from '../../compiler/1-ingest/onnx/write.ts';
export { tensorOf } from '../../compiler/tensor/convert.ts';

/** Bytes of an ONNX model for a test; opset 21 unless told. */
export const onnxModel = (model: Omit<WrittenModel, 'opset'> & { readonly opset?: number }): Uint8Array =>
  writeOnnx({ opset: 21, ...model });
