import type { Stroke } from './strokes-to-image.ts';

export interface Pad {
  clear(): void;
}

type MutableStroke = { x: number; y: number }[];

/** A canvas to draw on with mouse, finger or pen. Strokes are in sides of the canvas; `changed` is told after each movement. */
export function makePad(canvas: HTMLCanvasElement, changed: (strokes: readonly Stroke[]) => void): Pad {
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no 2D canvas');
  let strokes: MutableStroke[] = [];
  let pen: number | undefined;

  const paint = () => {
    const { width } = canvas.getBoundingClientRect();
    const pixels = Math.round(width * devicePixelRatio);
    if (canvas.width !== pixels) {
      canvas.width = pixels;
      canvas.height = pixels;
    }
    context.setTransform(pixels, 0, 0, pixels, 0, 0);
    context.clearRect(0, 0, 1, 1);
    context.strokeStyle = getComputedStyle(canvas).color;
    context.lineWidth = 1 / 16;
    context.lineCap = 'round';
    context.lineJoin = 'round';
    for (const stroke of strokes) {
      context.beginPath();
      for (const { x, y } of stroke) context.lineTo(x, y);
      // A path of one point has no line to draw: the caps of one without length make the dot.
      const [only] = stroke;
      if (stroke.length === 1 && only) context.lineTo(only.x, only.y);
      context.stroke();
    }
  };
  const add = (event: PointerEvent, stroke: MutableStroke) => {
    const { left, top, width } = canvas.getBoundingClientRect();
    stroke.push({ x: (event.clientX - left) / width, y: (event.clientY - top) / width });
  };

  canvas.addEventListener('pointerdown', (event) => {
    if (pen !== undefined || event.button !== 0) return;
    pen = event.pointerId;
    canvas.setPointerCapture(pen);
    const stroke: MutableStroke = [];
    add(event, stroke);
    strokes.push(stroke);
    paint();
    changed(strokes);
  });
  canvas.addEventListener('pointermove', (event) => {
    const stroke = strokes.at(-1);
    if (event.pointerId !== pen || !stroke) return;
    const steps = event.getCoalescedEvents?.() ?? [];
    for (const step of steps.length > 0 ? steps : [event]) add(step, stroke);
    paint();
    changed(strokes);
  });
  const lift = (event: PointerEvent) => {
    if (event.pointerId === pen) pen = undefined;
  };
  canvas.addEventListener('pointerup', lift);
  canvas.addEventListener('pointercancel', lift);
  new ResizeObserver(paint).observe(canvas);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', paint);

  return {
    clear() {
      strokes = [];
      pen = undefined;
      paint();
      changed(strokes);
    },
  };
}
