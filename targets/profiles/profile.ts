/** What a device class computes per second, by the calibration kernels (compiler/6-budget/calibrate); every rate is of one thread. */
export interface DeviceProfile {
  /** as flags and budgets name it: `phone-2022` */
  readonly name: string;
  /** one line for people */
  readonly description: string;
  /** `measured` by lcc calibrate on one device; `estimated` from published figures of the class */
  readonly origin:
    | {
        readonly kind: 'measured';
        readonly browser: string;
        readonly cores: number;
        readonly date: string;
        /** version of the calibration kernels: rates of another do not compare */
        readonly kernels: number;
      }
    | { readonly kind: 'estimated'; readonly reason: string };
  readonly wasm: WasmRates;
  /** absent where the class has no WebGPU */
  readonly webgpu?: WebGpuRates;
}

export interface WasmRates {
  /** float32 multiply-adds per second, 128-bit SIMD, multiply and add apart */
  readonly float: number;
  /** int8 multiply-adds per second, i32x4.dot_i16x8_s over widened bytes */
  readonly integer: number;
  /** bytes per second read from memory that fits no cache */
  readonly bandwidth: number;
  /** bytes of wasm per second, from bytes to an instance that ran each function once */
  readonly compile: number;
}

export interface WebGpuRates {
  /** float32 multiply-adds per second of a tiled product */
  readonly float: number;
  /** bytes per second read from storage buffers */
  readonly bandwidth: number;
  /** milliseconds that one more dispatch in a pass costs */
  readonly dispatch: number;
  /** milliseconds from submitting nothing to its result read back */
  readonly roundTrip: number;
  /** milliseconds to make the pipeline of a small shader */
  readonly pipeline: number;
}
