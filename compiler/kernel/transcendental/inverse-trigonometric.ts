import { binary, type Expr } from '../expr.ts';
import {
  abs,
  add,
  bitsOf,
  choose,
  div,
  equal,
  flipSign,
  int,
  less,
  mul,
  polynomial,
  signBit,
  sqrt,
  sub,
} from './float32.ts';

/** atan(t) for 0 <= t <= 1: t + t^3 p(t^2), minimax to 2^-28. */
function atanUpToOne(t: Expr): Expr {
  const square = mul(t, t);
  const p = polynomial(
    [
      -0.33333298563957214, 0.1999852955341339, -0.14264015853405, 0.10950880497694016, -0.08399306237697601,
      0.05788137763738632, -0.031096938997507095, 0.010868623852729797, -0.0017827945994213223,
    ],
    square,
  );
  return add(mul(mul(t, square), p), t);
}

export function atan(x: Expr): Expr {
  const size = abs(x);
  const isSteep = less(1, size);
  const angle = atanUpToOne(div(choose(isSteep, 1, size), choose(isSteep, size, 1)));
  return flipSign(choose(isSteep, sub(Math.PI / 2, angle), angle), signBit(x));
}

/** Angle of the point (x, y), with C's limits at zeros and infinities. */
export function atan2(y: Expr, x: Expr): Expr {
  const width = abs(x);
  const height = abs(y);
  const isSteep = less(width, height);
  const long = choose(isSteep, height, width);
  const short = choose(isSteep, width, height);
  const ratio = choose(equal(short, long), choose(equal(long, 0), 0, 1), div(short, long));
  const angle = atanUpToOne(ratio);
  const upper = choose(isSteep, sub(Math.PI / 2, angle), angle);
  const isLeft = binary('lt', bitsOf(x), int(0));
  const turned = choose(isLeft, sub(Math.PI, upper), upper);
  return flipSign(turned, signBit(y));
}

/** asin(t) for |t| <= 1/2: t + t^3 p(t^2), minimax to 2^-27. */
function asinUpToHalf(t: Expr, square: Expr): Expr {
  const p = polynomial(
    [0.16666753590106964, 0.07495252043008804, 0.0454760380089283, 0.024152129888534546, 0.042211707681417465],
    square,
  );
  return add(mul(mul(t, square), p), t);
}

/** Above 1/2 by asin(a) = pi/2 - 2 asin(sqrt((1 - a) / 2)). */
function reduceArc(x: Expr): { readonly isFar: Expr; readonly arc: Expr } {
  const size = abs(x);
  const isFar = less(0.5, size);
  const square = choose(isFar, mul(sub(1, size), 0.5), mul(size, size));
  return { isFar, arc: asinUpToHalf(choose(isFar, sqrt(square), size), square) };
}

export function asin(x: Expr): Expr {
  const { isFar, arc } = reduceArc(x);
  return flipSign(choose(isFar, sub(Math.PI / 2, mul(arc, 2)), arc), signBit(x));
}

export function acos(x: Expr): Expr {
  const { isFar, arc } = reduceArc(x);
  const twice = mul(arc, 2);
  const far = choose(less(x, 0), sub(Math.PI, twice), twice);
  return choose(isFar, far, sub(Math.PI / 2, flipSign(arc, signBit(x))));
}
