import { defineConfig } from 'lcc';

export default defineConfig({
  model: 'model.onnx',
  target: 'mobile-wasm',
  quantize: 'int4',
  budget: 'lcc.budget.json',
});
