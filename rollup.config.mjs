/** The runtime as one tree-shakeable module: what 5-emit bundles with each model's generated code. */
export default {
  input: 'dist/runtime/index.js',
  output: { file: 'dist/runtime.js', format: 'es' },
};
