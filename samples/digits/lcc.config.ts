import { defineConfig } from 'lcc';

export default defineConfig({
  model: 'model.onnx',
  target: 'mobile-webgpu',
  budget: 'lcc.budget.json',
});
