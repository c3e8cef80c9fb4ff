export type RuntimeErrorCode =
  /** a feed has no such input, or an input has no feed */
  | 'name'
  /** a feed's array class does not fit the input's dtype */
  | 'dtype'
  /** a feed's length does not fit the input's shape */
  | 'length'
  /** a 64-bit integer that does not fit 32 bits */
  | 'range'
  | 'disposed'
  /** the weights file is not what its hashes say */
  | 'damaged'
  /** the weights file is whole but of another build */
  | 'mismatched'
  | 'aborted'
  /** a file of the bundle could not be read */
  | 'fetch'
  /** the host lacks what the model needs, or the bundle the backend that was asked for */
  | 'unsupported'
  | 'device-lost';

/** What `load` and `run` reject with; `code` is stable. */
export class LccRuntimeError extends Error {
  readonly code: RuntimeErrorCode;

  constructor(code: RuntimeErrorCode, message: string, cause?: unknown) {
    super(message);
    this.name = 'LccRuntimeError';
    this.code = code;
    if (cause !== undefined) this.cause = cause;
  }
}
