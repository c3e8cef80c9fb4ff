/** The only surface that generated code may call. Grows with the runtime; imports nothing from the compiler. */
export type DType =
  | 'float32'
  | 'float64'
  | 'float16'
  | 'bfloat16'
  | 'int8'
  | 'uint8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'uint64'
  | 'bool';

/** A public tensor of the model and where its 4-byte elements lie in the arena. */
export interface PortDescription {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  /** byte offset in the arena */
  readonly offset: number;
}
