/** The library: what `import ... from 'lcc'` gives. */
export { type WrittenModel, writeOnnx } from './1-ingest/onnx/write.ts';
export { type CheckResult, check } from './6-budget/check.ts';
export type { Budget, BudgetText } from './6-budget/parse-budget.ts';
export { compile } from './compile.ts';
export { type BuildConfig, defineConfig } from './config.ts';
export { LccError } from './diagnostics/index.ts';
export type { Bundle, CompileOptions, Manifest, Report, StageEvent } from './ir/bundle.ts';
export { tensorOf } from './tensor/convert.ts';
export type { Tensor } from './tensor/tensor.ts';
