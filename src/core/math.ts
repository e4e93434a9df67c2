/**
 * exp, log and their kin in float64, from + - * / and the numbers' bits alone, so that every machine and every version
 * of V8 gives the same bytes (ECMAScript leaves Math.exp and the others to the implementation). Algorithms and
 * coefficients are those of fdlibm, in the form of musl where it is shorter; errors stay at about 1 ulp.
 *
 * Copyright (C) 1993, 2004 by Sun Microsystems, Inc. All rights reserved.
 * Permission to use, copy, modify, and distribute this software is freely granted, provided that this notice is
 * preserved.
 */

/** One number seen as float64 and as two words, the low one first: every platform of JavaScript is little-endian. */
const FLOAT = new Float64Array(1);
const WORDS = new Int32Array(FLOAT.buffer);

const LN2_HI = 6.9314718036912381649e-1;
const LN2_LO = 1.90821492927058770002e-10;
const INVERSE_LN2 = 1.442695040888963387;
/** Beyond these exp is Infinity, or 0. */
const EXP_MAX = 7.09782712893383973096e2;
const EXP_MIN = -7.4513321910194110842e2;

/** 2^k for -1022 <= k <= 1023. */
function powerOfTwo(k: number): number {
  WORDS[0] = 0;
  WORDS[1] = (k + 1023) << 20;
  return FLOAT[0];
}

/** 2^-k at k + 1023, for every exponent k that a positive normal number can have. */
const DOWN = Float64Array.from({ length: 2048 }, (_, i) => scale(1, 1023 - i));

/** y 2^k, with a single rounding where the result is subnormal. */
function scale(y: number, k: number): number {
  if (k > 1023) return y * 2 * powerOfTwo(k - 1);
  if (k < -1021) return y * powerOfTwo(k + 1000) * 9.3326361850321887899e-302; // 2^-1000
  return y * powerOfTwo(k);
}

export function exp(x: number): number {
  if (x !== x) return x;
  if (x > EXP_MAX) return Infinity;
  if (x < EXP_MIN) return 0;
  // x = k ln2 + r, |r| <= ln2 / 2, r = high - low
  const k = x > 0 ? (INVERSE_LN2 * x + 0.5) | 0 : (INVERSE_LN2 * x - 0.5) | 0;
  const high = x - k * LN2_HI;
  const low = k * LN2_LO;
  const r = high - low;
  const z = r * r;
  const c =
    r -
    z *
      (1.66666666666666019037e-1 +
        z *
          (-2.77777777770155933842e-3 +
            z * (6.61375632143793436117e-5 + z * (-1.6533902205465251539e-6 + z * 4.13813679705723846039e-8))));
  return scale(1 + ((r * c) / (2 - c) - low + high), k);
}

/** The part of log(1 + f) beyond f - f^2/2: s (f^2/2 + R(s^2)), s = f / (2 + f). */
function logTail(f: number, halfSquare: number): number {
  const s = f / (2 + f);
  const z = s * s;
  const w = z * z;
  const even = w * (3.999999999940941908e-1 + w * (2.222219843214978396e-1 + w * 1.531383769920937332e-1));
  const odd =
    z *
    (6.66666666666673513e-1 +
      w * (2.857142874366239149e-1 + w * (1.818357216161805012e-1 + w * 1.479819860511658591e-1)));
  return s * (halfSquare + (odd + even));
}

export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : Number.NaN;
  if (x === Infinity) return x;
  let k = -1023;
  FLOAT[0] = x;
  if (x < 2.2250738585072014e-308) {
    FLOAT[0] = x * 18014398509481984; // 2^54, out of the subnormals
    k -= 54;
  }
  // x = 2^k (1 + f), sqrt(1/2) < 1 + f < sqrt(2)
  const word = WORDS[1] + (0x3ff00000 - 0x3fe6a09e);
  k += word >> 20;
  // A product with a power of two is exact, and quicker than putting the number together again from its words.
  const f = (k < -1023 ? x * 18014398509481984 * DOWN[k + 54 + 1023] : x * DOWN[k + 1023]) - 1;
  const halfSquare = 0.5 * f * f;
  return logTail(f, halfSquare) + k * LN2_LO - halfSquare + f + k * LN2_HI;
}

/** exp(x) - 1, exact where exp(x) is close to 1. */
export function expm1(x: number): number {
  if (x !== x) return x;
  if (x > EXP_MAX) return Infinity;
  if (x < -40) return -1;
  if (x < 5.6e-17 && x > -5.6e-17) return x;
  let k = 0;
  let r = x;
  let c = 0;
  if (x > 0.34657359027997264 || x < -0.34657359027997264) {
    k = x > 0 ? (INVERSE_LN2 * x + 0.5) | 0 : (INVERSE_LN2 * x - 0.5) | 0;
    const high = x - k * LN2_HI;
    const low = k * LN2_LO;
    r = high - low;
    c = high - r - low;
  }
  const half = 0.5 * r;
  const hxs = r * half;
  const r1 =
    1 +
    hxs *
      (-3.33333333333331316428e-2 +
        hxs *
          (1.58730158725481460165e-3 +
            hxs * (-7.93650757867487942473e-5 + hxs * (4.00821782732936239552e-6 + hxs * -2.01099218183624371326e-7))));
  const t = 3 - r1 * half;
  let e = hxs * ((r1 - t) / (6 - r * t));
  if (k === 0) return r - (r * e - hxs);
  e = r * (e - c) - c - hxs;
  if (k === -1) return 0.5 * (r - e) - 0.5;
  if (k === 1) return r < -0.25 ? -2 * (e - (r + 0.5)) : 1 + 2 * (r - e);
  if (k < 0 || k > 56) return scale(r - e + 1, k) - 1;
  const inverse = powerOfTwo(-k);
  return scale(k < 20 ? r - e + (1 - inverse) : r - (e + inverse) + 1, k);
}

export function tanh(x: number): number {
  const magnitude = Math.abs(x);
  if (!(magnitude > 2.2250738585072014e-308)) return x;
  let y = 1;
  if (magnitude <= 20) {
    // tanh = 1 - 2 / (exp(2x) + 1), and its forms without cancellation
    const t = expm1(magnitude > 0.2554128118829954 ? 2 * magnitude : -2 * magnitude);
    if (magnitude > 0.5493061443340549) y = 1 - 2 / (t + 2);
    else y = magnitude > 0.2554128118829954 ? t / (t + 2) : -t / (t + 2);
  }
  return x < 0 ? -y : y;
}

/** 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. */
export function erf(x: number): number {
  if (x !== x) return x;
  const magnitude = Math.abs(x);
  if (magnitude < 0.84375) return erfNearZero(x);
  const y = magnitude < 1.25 ? erfNearOne(magnitude - 1) : magnitude < 6 ? 1 - erfcBeyond(magnitude) : 1;
  return x < 0 ? -y : y;
}

function erfNearZero(x: number): number {
  // 2^-28; times 8 so that a subnormal keeps its digits
  if (Math.abs(x) < 3.725290298461914e-9) return 0.125 * (8 * x + 1.02703333676410069053 * x);
  const z = x * x;
  const p =
    1.28379167095512558561e-1 +
    z *
      (-3.2504210724700149937e-1 +
        z * (-2.84817495755985104766e-2 + z * (-5.77027029648944159157e-3 + z * -2.37630166566501626084e-5)));
  const q =
    1 +
    z *
      (3.97917223959155352819e-1 +
        z *
          (6.50222499887672944485e-2 +
            z * (5.08130628187576562776e-3 + z * (1.32494738004321644526e-4 + z * -3.9602282787753681232e-6))));
  return x + x * (p / q);
}

/** erf(1 + s) */
function erfNearOne(s: number): number {
  const p =
    -2.36211856075265944077e-3 +
    s *
      (4.14856118683748331666e-1 +
        s *
          (-3.72207876035701323847e-1 +
            s *
              (3.18346619901161753674e-1 +
                s * (-1.10894694282396677476e-1 + s * (3.54783043256182359371e-2 + s * -2.166375594868790843e-3)))));
  const q =
    1 +
    s *
      (1.06420880400844228286e-1 +
        s *
          (5.40397917702171048937e-1 +
            s *
              (7.18286544141962662868e-2 +
                s * (1.26171219808761642112e-1 + s * (1.36370839120290507362e-2 + s * 1.1984499846799107417e-2)))));
  return 8.45062911510467529297e-1 + p / q;
}

/** 1 - erf(x) for 1.25 <= x < 6 */
function erfcBeyond(x: number): number {
  const s = 1 / (x * x);
  const near = x < 1 / 0.35;
  const p = near ? horner(s, RA) : horner(s, RB);
  const q = near ? horner(s, SA) : horner(s, SB);
  // exp(-x^2) from a head whose square is exact
  FLOAT[0] = x;
  WORDS[0] = 0;
  const head = FLOAT[0];
  return (exp(-head * head - 0.5625) * exp((head - x) * (head + x) + p / q)) / x;
}

const RA = [
  -9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1,
  -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592,
];
const SA = [
  1, 1.96512716674392571292e1, 1.376577541435190426e2, 4.34565877475229228821e2, 6.45387271733267880336e2,
  4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2,
];
const RB = [
  -9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2,
  -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2,
];
const SB = [
  1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3,
  2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1,
];

function horner(x: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * x + coefficients[i];
  return sum;
}

/** Sine of |x| <= 2^20 radians; NaN beyond, where the reduction would need more digits of pi. */
export function sin(x: number): number {
  return x === 0 ? x : quadrant(x, 0);
}

/** Cosine of |x| <= 2^20 radians; NaN beyond. */
export function cos(x: number): number {
  return quadrant(x, 1);
}

/** sin(x + turn pi/2): x = n pi/2 + (y + rest), |y| <= pi/4, with pi/2 in three parts of 33 bits and a tail. */
function quadrant(x: number, turn: number): number {
  if (!(Math.abs(x) <= 1048576)) return Number.NaN;
  const n = Math.round(x * 6.36619772367581382433e-1);
  // Each subtraction is exact but for its tail, which `rest` carries.
  const first = x - n * 1.57079632673412561417;
  const second = n * 6.0771005063039659766e-11;
  const reduced = first - second;
  const tail = n * 2.02226624879595063154e-21 - (first - reduced - second);
  const y = reduced - tail;
  const rest = reduced - y - tail;
  const quarter = (n + turn) & 3;
  const value = (quarter & 1) === 0 ? sineNearZero(y, rest) : cosineNearZero(y, rest);
  return quarter > 1 ? -value : value;
}

function sineNearZero(y: number, rest: number): number {
  const z = y * y;
  const r =
    8.33333333332248946124e-3 +
    z *
      (-1.98412698298579493134e-4 +
        z * (2.75573137070700676789e-6 + z * (-2.50507602534068634195e-8 + z * 1.58969099521155010221e-10)));
  const cube = z * y;
  return y - (z * (0.5 * rest - cube * r) - rest - cube * -1.66666666666666324348e-1);
}

function cosineNearZero(y: number, rest: number): number {
  const z = y * y;
  const w = z * z;
  const r =
    z * (4.16666666666666019037e-2 + z * (-1.38888888888741095749e-3 + z * 2.48015872894767294178e-5)) +
    w * w * (-2.75573143513906633035e-7 + z * (2.0875723212981748279e-9 + z * -1.13596475577881948265e-11));
  const half = 0.5 * z;
  const head = 1 - half;
  return head + (1 - head - half + (z * r - y * rest));
}
