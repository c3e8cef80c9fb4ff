import { defineConfig } from 'lcc';

export default defineConfig({
  model: 'model.onnx',
  target: 'mobile-webgpu',
  quantize: 'fp16',
  budget: 'lcc.budget.json',
});
