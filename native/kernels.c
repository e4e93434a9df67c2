/*
 * The kernels: src/nn/ops.ts says what each op means, src/nn/reference.ts computes it slowly. Compiled once for each
 * instruction set (see simd.h); KERNEL_SUFFIX keeps their names apart.
 *
 * An op record is 16 ints: code and operands (ops.h), where an array is its offset in floats from `mem` and 0 is
 * "absent".
 *
 *   1 elementary functions     4 head                 7 dispatch
 *   2 tiles (the inner loops)  5 sums, transposition
 *   3 conv and dense layers    6 Adam, Polyak
 */
#include "simd.h"
#include "kernels.h"

#define BLOCK (LANES * 2)     /* columns of a tile */
#define BATCH_BLOCK 128       /* rows of the batch that a weight gradient takes at a time; they stay in L1 */

typedef const int32_t *Record;

/* ---- 1 elementary functions ------------------------------------------------------------------------------------ */

#define ROUND_MAGIC 12582912.0f /* 1.5 x 2^23: adding it rounds to a whole number */

/* 2^n for the whole number in `magic` = n + ROUND_MAGIC, -127 <= n <= 127; n = -127 gives 0. */
INLINE V power_of_two(V magic) { return (V)(((VI)magic + 127) << 23); }

/* exp(-x^2 / 2) to 1e-7 absolute; 0 beyond |x| = 13.2. */
INLINE V gauss(V x) {
  V u = v_at_least(x * x * v_set(-0.72134752f), v_set(-127.0f));
  V magic = u + v_set(ROUND_MAGIC);
  V f = u - (magic - v_set(ROUND_MAGIC));
  V p = v_set(0.0001534581242594868f);
  p = v_fma(p, f, v_set(0.0013399930903688073f));
  p = v_fma(p, f, v_set(0.009618489071726799f));
  p = v_fma(p, f, v_set(0.05550328642129898f));
  p = v_fma(p, f, v_set(0.24022646248340607f));
  p = v_fma(p, f, v_set(0.6931471824645996f));
  p = v_fma(p, f, v_set(1.0f));
  return p * power_of_two(magic);
}

/* Phi(-|x|) from e = gauss(x): e t P(t), t = 1 / (1 + 0.39 |x|); P fitted to 1e-8 absolute. */
INLINE V normal_tail(V x, V e) {
  V t = v_set(1.0f) / v_fma(v_abs(x), v_set(0.38999998569488525f), v_set(1.0f));
  V p = v_set(0.053846750408411026f);
  p = v_fma(p, t, v_set(-0.2582426965236664f));
  p = v_fma(p, t, v_set(0.3751668632030487f));
  p = v_fma(p, t, v_set(-0.016634315252304077f));
  p = v_fma(p, t, v_set(0.19443632662296295f));
  p = v_fma(p, t, v_set(0.15142710506916046f));
  return p * t * e;
}

/* gelu(x) = x Phi(x) and its slope Phi(x) + x phi(x). */
INLINE V gelu(V x, V *slope) {
  V e = gauss(x);
  V tail = normal_tail(x, e);
  V cdf = v_if_negative(x, tail, v_set(1.0f) - tail);
  *slope = v_fma(x * e, v_set(0.3989422804f), cdf);
  return x * cdf;
}

/* e^x over the whole range, denormal results included. */
INLINE V v_exp(V x) {
  x = v_at_most(v_at_least(x, v_set(-110.0f)), v_set(90.0f));
  V magic = v_fma(x, v_set(1.44269504f), v_set(ROUND_MAGIC));
  V n = magic - v_set(ROUND_MAGIC);
  V r = v_fma(n, v_set(-1.42860677e-6f), v_fma(n, v_set(-0.693145752f), x));
  V p = v_set(0.0013836742145940661f);
  p = v_fma(p, r, v_set(0.008374898694455624f));
  p = v_fma(p, r, v_set(0.041668232530355453f));
  p = v_fma(p, r, v_set(0.16666419804096222f));
  p = v_fma(p, r, v_set(0.49999991059303284f));
  p = v_fma(p, r, v_set(1.0f));
  p = v_fma(p, r, v_set(1.0f));
  VI whole = (VI)magic - 0x4b400000; /* in two halves: 2^n alone may not be a normal number */
  VI half = whole >> 1;
  return p * (V)((half + 127) << 23) * (V)((whole - half + 127) << 23);
}

/* ln x; -inf at 0, NaN below. */
INLINE V v_log(V x) {
  V tiny = v_set(1.17549435e-38f);
  V scaled = v_if_less(x, tiny, x * v_set(8388608.0f), x);
  V shift = v_if_less(x, tiny, v_set(-23.0f), v_set(0.0f));
  /* x = 2^n m with m in [sqrt 1/2, sqrt 2) */
  VI bits = (VI)scaled - 0x3f3504f3;
  VI whole = bits >> 23;
  V m = (V)((bits & 0x7fffff) + 0x3f3504f3);
  V n = (V)(whole + 0x4b400000) - v_set(ROUND_MAGIC) + shift;
  V f = m - v_set(1.0f);
  V p = v_set(0.06746641546487808f);
  p = v_fma(p, f, v_set(-0.11675652116537094f));
  p = v_fma(p, f, v_set(0.11888162046670914f));
  p = v_fma(p, f, v_set(-0.1240558847784996f));
  p = v_fma(p, f, v_set(0.14219552278518677f));
  p = v_fma(p, f, v_set(-0.1666799634695053f));
  p = v_fma(p, f, v_set(0.2000211924314499f));
  p = v_fma(p, f, v_set(-0.25000008940696716f));
  p = v_fma(p, f, v_set(0.3333331346511841f));
  V square = f * f;
  V low = v_fma(n, v_set(1.42860677e-6f), v_fma(p * f, square, square * v_set(-0.5f)));
  V y = v_fma(n, v_set(0.693145752f), low + f);
  V zero = v_set(0.0f);
  V infinity = v_set(1.0f) / zero;
  y = v_if_less(x, infinity, y, x); /* +inf and NaN */
  y = v_if_less(x, zero, zero / zero, y);
  return v_if_less(v_abs(x), v_set(1e-45f), -infinity, y);
}

INLINE V v_erf(V x) {
  V square = x * x;
  V near = v_set(7.853861461626366e-05f);
  near = v_fma(near, square, v_set(-0.0008010193705558777f));
  near = v_fma(near, square, v_set(0.005188327748328447f));
  near = v_fma(near, square, v_set(-0.026853812858462334f));
  near = v_fma(near, square, v_set(0.1128358542919159f));
  near = v_fma(near, square, v_set(-0.3761262595653534f));
  near = v_fma(near, square, v_set(1.1283791065216064f));
  near = near * x;
  V z = x * v_set(1.41421356f); /* erf(x) = 1 - 2 Phi(-sqrt 2 x) */
  V tail = normal_tail(z, gauss(z));
  V far = v_fma(tail, v_set(-2.0f), v_set(1.0f));
  return v_if_less(v_abs(x), v_set(1.0f), near, v_if_negative(x, -far, far));
}

INLINE V v_tanh(V x) {
  V square = x * x;
  V near = v_set(0.0021285086404532194f);
  near = v_fma(near, square, v_set(-0.008159114979207516f));
  near = v_fma(near, square, v_set(0.02169182151556015f));
  near = v_fma(near, square, v_set(-0.053944699466228485f));
  near = v_fma(near, square, v_set(0.13333183526992798f));
  near = v_fma(near, square, v_set(-0.333333283662796f));
  near = v_fma(near, square * x, x);
  V far = v_set(1.0f) - v_set(2.0f) / (v_exp(v_abs(x) * v_set(2.0f)) + v_set(1.0f));
  return v_if_less(v_abs(x), v_set(0.625f), near, v_if_negative(x, -far, far));
}

static void unary(float *mem, Record o) {
  const float *x = mem + o[0];
  float *out = mem + o[1];
  for (int i = 0; i < o[3]; i += LANES) {
    int n = o[3] - i < LANES ? o[3] - i : LANES;
    float part[LANES];
    for (int j = 0; j < n; j++) part[j] = x[i + j];
    for (int j = n; j < LANES; j++) part[j] = 0;
    V slope, v = v_load(part);
    switch (o[2]) {
      case UNARY_EXP: v = v_exp(v); break;
      case UNARY_LOG: v = v_log(v); break;
      case UNARY_ERF: v = v_erf(v); break;
      case UNARY_TANH: v = v_tanh(v); break;
      case UNARY_GELU: v = gelu(v, &slope); break;
      default: gelu(v, &slope); v = slope;
    }
    v_store(part, v);
    for (int j = 0; j < n; j++) out[i + j] = part[j];
  }
}

/* ---- 2 tiles ---------------------------------------------------------------------------------------------------
 * A tile is R rows x BLOCK columns of accumulators: acc[i] += a[i] b over `count` steps of k, the outer-product form
 * in which each output is one chain of fused multiply-adds whatever the tile's size.
 */

INLINE void chain(const int R, V (*acc)[2], const float *a, const int row, const ptrdiff_t step, const float *b,
                  int count) {
  for (int k = 0; k < count; k++) {
    V b0 = v_load(b), b1 = v_load(b + LANES);
UNROLL
    for (int i = 0; i < R; i++) {
      V x = v_set(a[i * row]);
      acc[i][0] = v_fma(x, b0, acc[i][0]);
      acc[i][1] = v_fma(x, b1, acc[i][1]);
    }
    a += step;
    b += PANEL;
  }
}

/* Calls F with a constant number of rows, 1 to TILE_ROWS. */
#define ROWS_CASE(N, F, ...) \
  case N: F(N, __VA_ARGS__); break;
#define ROWS_TO_4(F, ...) \
  ROWS_CASE(1, F, __VA_ARGS__) ROWS_CASE(2, F, __VA_ARGS__) ROWS_CASE(3, F, __VA_ARGS__) ROWS_CASE(4, F, __VA_ARGS__)
#if TILE_ROWS == 4
#define ROWS_REST(F, ...)
#elif TILE_ROWS == 6
#define ROWS_REST(F, ...) ROWS_CASE(5, F, __VA_ARGS__) ROWS_CASE(6, F, __VA_ARGS__)
#else
#define ROWS_REST(F, ...)                                                                                         \
  ROWS_CASE(5, F, __VA_ARGS__) ROWS_CASE(6, F, __VA_ARGS__) ROWS_CASE(7, F, __VA_ARGS__)                          \
  ROWS_CASE(8, F, __VA_ARGS__) ROWS_CASE(9, F, __VA_ARGS__) ROWS_CASE(10, F, __VA_ARGS__)                         \
  ROWS_CASE(11, F, __VA_ARGS__) ROWS_CASE(12, F, __VA_ARGS__) ROWS_CASE(13, F, __VA_ARGS__)                       \
  ROWS_CASE(14, F, __VA_ARGS__)
#endif
#define FOR_ROWS(R, F, ...) \
  switch (R) { ROWS_TO_4(F, __VA_ARGS__) ROWS_REST(F, __VA_ARGS__) }

/* Rows of the next tile when `rest` rows are left: nearly equal tiles instead of a small last one. */
INLINE int tile_rows(int rest) {
  int tiles = (rest + TILE_ROWS - 1) / TILE_ROWS;
  return (rest + tiles - 1) / tiles;
}

/*
 * z (R x 32) = start + a b. a is in panels of `apanel` floats, rows 32 apart; b is one panel (inputs, 32). `start` (32)
 * is where every row's chain begins, or null for 0.
 */
INLINE void product_rows(const int R, const float *a, ptrdiff_t apanel, const float *b, int inputs, const float *start,
                         float *z) {
  for (int c = 0; c < PANEL; c += BLOCK) {
    V acc[TILE_ROWS][2];
    V s0 = start ? v_load(start + c) : v_set(0.0f), s1 = start ? v_load(start + c + LANES) : v_set(0.0f);
UNROLL
    for (int i = 0; i < R; i++) acc[i][0] = s0, acc[i][1] = s1;
    for (int k = 0; k < inputs; k += PANEL) {
      int count = inputs - k < PANEL ? inputs - k : PANEL;
      chain(R, acc, a + (ptrdiff_t)(k / PANEL) * apanel, PANEL, 1, b + (ptrdiff_t)k * PANEL + c, count);
    }
UNROLL
    for (int i = 0; i < R; i++) v_store(z + i * PANEL + c, acc[i][0]), v_store(z + i * PANEL + c + LANES, acc[i][1]);
  }
}

static void product_tile(int R, const float *a, ptrdiff_t apanel, const float *b, int inputs, const float *start,
                         float *z) {
  FOR_ROWS(R, product_rows, a, apanel, b, inputs, start, z)
}

/* One row times `WIDE` neighbouring vectors of columns: a single row would else wait for the latency of its chains. */
#define WIDE 8
#define WIDE_PANELS (WIDE * LANES / PANEL)
static void product_row(const float *a, ptrdiff_t apanel, const float *b, int inputs, const float *start, float *z) {
  V acc[WIDE];
UNROLL
  for (int v = 0; v < WIDE; v++) acc[v] = v_load(start + v * LANES);
  ptrdiff_t bpanel = (ptrdiff_t)inputs * PANEL;
  for (int k = 0; k < inputs; k += PANEL) {
    int count = inputs - k < PANEL ? inputs - k : PANEL;
    for (int j = 0; j < count; j++) {
      V x = v_set(a[j]);
      const float *row = b + (ptrdiff_t)(k + j) * PANEL;
UNROLL
      for (int v = 0; v < WIDE; v++) {
        acc[v] = v_fma(x, v_load(row + (v * LANES / PANEL) * bpanel + v * LANES % PANEL), acc[v]);
      }
    }
    a += apanel;
  }
UNROLL
  for (int v = 0; v < WIDE; v++) v_store(z + v * LANES, acc[v]);
}

/*
 * g (R x 32, rows 32 apart) = (fresh ? 0 : g) + a b over `segments` runs of `count` steps. Row i of a is a + i; steps
 * lie `step` apart, runs `arun` and `brun`.
 */
INLINE void gradient_rows(const int R, const float *a, ptrdiff_t step, ptrdiff_t arun, const float *b, ptrdiff_t brun,
                          int segments, int count, int fresh, float *g) {
  for (int c = 0; c < PANEL; c += BLOCK) {
    V acc[TILE_ROWS][2];
UNROLL
    for (int i = 0; i < R; i++) {
      acc[i][0] = fresh ? v_set(0.0f) : v_load(g + i * PANEL + c);
      acc[i][1] = fresh ? v_set(0.0f) : v_load(g + i * PANEL + c + LANES);
    }
    for (int s = 0; s < segments; s++) chain(R, acc, a + s * arun, 1, step, b + s * brun + c, count);
UNROLL
    for (int i = 0; i < R; i++) v_store(g + i * PANEL + c, acc[i][0]), v_store(g + i * PANEL + c + LANES, acc[i][1]);
  }
}

static void gradient_tile(int R, const float *a, ptrdiff_t step, ptrdiff_t arun, const float *b, ptrdiff_t brun,
                          int segments, int count, int fresh, float *g) {
  FOR_ROWS(R, gradient_rows, a, step, arun, b, brun, segments, count, fresh, g)
}

/* ---- 3 conv and dense layers ----------------------------------------------------------------------------------- */

INLINE void gelu_row(const float *z, float *out, float *slope) {
  for (int c = 0; c < PANEL; c += LANES) {
    V s, y = gelu(v_load(z + c), &s);
    v_store(out + c, y);
    if (slope) v_store(slope + c, s);
  }
}

static void pad(float *mem, Record o) {
  const int window = o[4], edge = o[5];
  for (int b = o[2]; b < o[2] + o[3]; b++) {
    const float *from = mem + o[0] + (ptrdiff_t)b * window;
    float *to = mem + o[1] + (ptrdiff_t)b * (window + 2 * edge);
    for (int i = 0; i < edge; i++) to[i] = to[edge + window + i] = 0;
    to += edge;
    int i = 0;
    for (; i + LANES <= window; i += LANES) v_store(to + i, v_load(from + i));
    for (; i < window; i++) to[i] = from[i];
  }
}

/* Copies `length` floats to rows of panels `panel` floats apart, in whole vectors: up to LANES - 1 floats too many. */
INLINE void copy_to_panels(const float *from, int length, float *to, int panel) {
  for (int k = 0; k < length; k += PANEL, to += panel) {
    const int n = length - k < PANEL ? length - k : PANEL;
    for (int j = 0; j < n; j += LANES) v_store(to + j, v_load(from + k + j));
  }
}

/*
 * Rows are (step, sample) pairs, so that a tile writes neighbouring rows; the inputs of one are `taps` contiguous floats
 * of the padded window. The rows of a tile are gathered so that their distance is a constant; a window too long for the
 * buffer goes in pieces.
 */
static void conv(float *mem, Record o) {
  enum { PIECE = 8 * PANEL };
  const float *x = mem + o[0], *weight = mem + o[1], *bias = mem + o[2];
  float *out = mem + o[3], *slope = o[4] ? mem + o[4] : 0;
  const int start = o[5], count = o[6], batch = o[7], steps = o[8], features = o[9], stride = o[10], taps = o[11];
  const int panels = o[12] / PANEL;
  float rows[TILE_ROWS * PIECE] __attribute__((aligned(64)));
  float z[TILE_ROWS * PANEL] __attribute__((aligned(64)));
  ptrdiff_t from[TILE_ROWS], to[TILE_ROWS];
  int b = start, t = 0;
  for (int rest = count * steps; rest > 0;) {
    const int R = tile_rows(rest);
    rest -= R;
    for (int i = 0; i < R; i++) {
      from[i] = (ptrdiff_t)b * stride + t * features;
      to[i] = ((ptrdiff_t)t * panels * batch + b) * PANEL;
      if (++b == start + count) b = start, t++;
    }
    for (int p = 0; p < panels; p++) {
      for (int begin = 0; begin < taps; begin += PIECE) {
        const int length = taps - begin < PIECE ? taps - begin : PIECE;
        const float *w = weight + ((ptrdiff_t)p * taps + begin) * PANEL;
        if (p == 0 || taps > PIECE) {
          for (int i = 0; i < R; i++) copy_to_panels(x + from[i] + begin, length, rows + i * PANEL, R * PANEL);
        }
        if (begin == 0) product_tile(R, rows, (ptrdiff_t)R * PANEL, w, length, bias + p * PANEL, z);
        else { /* go on with the chains, a row at a time: each starts at its own sums */
          for (int i = 0; i < R; i++) {
            product_tile(1, rows + i * PANEL, (ptrdiff_t)R * PANEL, w, length, z + i * PANEL, z + i * PANEL);
          }
        }
      }
      for (int i = 0; i < R; i++) {
        const ptrdiff_t at = to[i] + (ptrdiff_t)p * batch * PANEL;
        gelu_row(z + i * PANEL, out + at, slope ? slope + at : 0);
      }
    }
  }
}

static void dense(float *mem, Record o) {
  const float *input = mem + o[0], *weight = mem + o[1], *bias = mem + o[2];
  float *out = mem + o[3], *slope = o[4] ? mem + o[4] : 0;
  const int start = o[5], count = o[6], batch = o[7], inputs = o[8], panels = o[9] / PANEL;
  const ptrdiff_t apanel = (ptrdiff_t)batch * PANEL;
  float z[TILE_ROWS * PANEL + WIDE * LANES] __attribute__((aligned(64)));
  if (count == 1 && panels % WIDE_PANELS == 0) {
    for (int p = 0; p < panels; p += WIDE_PANELS) {
      product_row(input + start * PANEL, apanel, weight + (ptrdiff_t)p * inputs * PANEL, inputs, bias + p * PANEL, z);
      for (int q = 0; q < WIDE_PANELS; q++) {
        const ptrdiff_t at = (ptrdiff_t)(p + q) * apanel + start * PANEL;
        gelu_row(z + q * PANEL, out + at, slope ? slope + at : 0);
      }
    }
    return;
  }
  for (int p = 0; p < panels; p++) {
    const float *b = weight + (ptrdiff_t)p * inputs * PANEL;
    for (int done = 0; done < count;) {
      const int R = tile_rows(count - done);
      const ptrdiff_t row = (ptrdiff_t)(start + done) * PANEL, at = p * apanel + row;
      product_tile(R, input + row, apanel, b, inputs, bias + p * PANEL, z);
      for (int i = 0; i < R; i++) gelu_row(z + i * PANEL, out + at + i * PANEL, slope ? slope + at + i * PANEL : 0);
      done += R;
    }
  }
}

static void dense_grad_input(float *mem, Record o) {
  const float *dz = mem + o[0], *transposed = mem + o[1], *slope = mem + o[2];
  float *out = mem + o[3];
  const int start = o[4], count = o[5], batch = o[6], panels = o[7] / PANEL, outputs = o[8];
  const ptrdiff_t apanel = (ptrdiff_t)batch * PANEL;
  float z[TILE_ROWS * PANEL] __attribute__((aligned(64)));
  for (int p = 0; p < panels; p++) {
    const float *b = transposed + (ptrdiff_t)p * outputs * PANEL;
    for (int done = 0; done < count;) {
      const int R = tile_rows(count - done);
      const ptrdiff_t row = (ptrdiff_t)(start + done) * PANEL, at = p * apanel + row;
      product_tile(R, dz + row, apanel, b, outputs, 0, z);
      for (int i = 0; i < R * PANEL; i += LANES) v_store(out + at + i, v_load(z + i) * v_load(slope + at + i));
      done += R;
    }
  }
}

/* Block by block of the batch, all panels: a block's inputs are read from far away only once. */
static void dense_grad_weight(float *mem, Record o) {
  const float *input = mem + o[0], *dz = mem + o[1];
  float *g = mem + o[2];
  const int batch = o[3], inputs = o[4], panels = o[5];
  for (int b0 = 0; b0 < batch; b0 += BATCH_BLOCK) {
    const int count = batch - b0 < BATCH_BLOCK ? batch - b0 : BATCH_BLOCK;
    for (int p = 0; p < panels; p++) {
      const float *d = dz + ((ptrdiff_t)p * batch + b0) * PANEL;
      for (int k = 0; k < inputs; k += PANEL) {
        const float *a = input + ((ptrdiff_t)(k / PANEL) * batch + b0) * PANEL;
        for (int done = 0; done < PANEL;) {
          const int R = tile_rows(PANEL - done);
          float *to = g + ((ptrdiff_t)p * inputs + k + done) * PANEL;
          gradient_tile(R, a + done, PANEL, 0, d, 0, 1, count, b0 == 0, to);
          done += R;
        }
      }
    }
  }
}

static void conv_grad_weight(float *mem, Record o) {
  const float *x = mem + o[0], *dz = mem + o[1];
  float *g = mem + o[2];
  const int batch = o[3], steps = o[4], features = o[5], stride = o[6], panels = o[7], start = o[8], count = o[9];
  for (int b0 = 0; b0 < batch; b0 += CONV_BLOCK) {
    const int samples = batch - b0 < CONV_BLOCK ? batch - b0 : CONV_BLOCK;
    for (int done = start; done < start + count;) {
      const int R = tile_rows(start + count - done);
      gradient_tile(R, x + (ptrdiff_t)b0 * stride + done, stride, features, dz + (ptrdiff_t)b0 * PANEL,
                    (ptrdiff_t)panels * batch * PANEL, steps, samples, b0 == 0, g + (ptrdiff_t)done * PANEL);
      done += R;
    }
  }
}

/* ---- 4 head ---------------------------------------------------------------------------------------------------- */

/* Sum of 32 lanes in halves: 16 + 16, 8 + 8, ... */
INLINE float fold(const float *x) {
  Q a = (q_load(x) + q_load(x + 16)) + (q_load(x + 8) + q_load(x + 24));
  Q b = (q_load(x + 4) + q_load(x + 20)) + (q_load(x + 12) + q_load(x + 28));
  Q c = a + b;
  return (c[0] + c[2]) + (c[1] + c[3]);
}

static void head(float *mem, Record o) {
  const float *input = mem + o[0], *weight = mem + o[1], *bias = mem + o[2];
  float *out = mem + o[3];
  const int start = o[4], count = o[5], batch = o[6], inputs = o[7], outputs = o[8];
  float lanes[PANEL] __attribute__((aligned(64)));
  for (int b = start; b < start + count; b++) {
    for (int h = 0; h < outputs; h++) {
      V acc[PANEL / LANES];
      for (int v = 0; v < PANEL / LANES; v++) acc[v] = v_set(0.0f);
      for (int k = 0; k < inputs; k += PANEL) {
        const float *x = input + (ptrdiff_t)k * batch + b * PANEL, *w = weight + h * inputs + k;
UNROLL
        for (int v = 0; v < PANEL / LANES; v++) acc[v] = v_fma(v_load(x + v * LANES), v_load(w + v * LANES), acc[v]);
      }
      for (int v = 0; v < PANEL / LANES; v++) v_store(lanes + v * LANES, acc[v]);
      out[b * outputs + h] = fold(lanes) + bias[h];
    }
  }
}

static void head_grad_input(float *mem, Record o) {
  const float *d = mem + o[0], *weight = mem + o[1], *slope = mem + o[2];
  float *dz = mem + o[3];
  const int start = o[4], count = o[5], batch = o[6], inputs = o[7], outputs = o[8];
  for (int k = 0; k < inputs; k += PANEL) {
    for (int b = start; b < start + count; b++) {
      const ptrdiff_t at = (ptrdiff_t)k * batch + b * PANEL;
      for (int c = 0; c < PANEL; c += LANES) {
        V sum = v_set(0.0f);
        for (int h = 0; h < outputs; h++) sum = v_fma(v_set(d[b * outputs + h]), v_load(weight + h * inputs + k + c), sum);
        v_store(dz + at + c, sum * v_load(slope + at + c));
      }
    }
  }
}

static void head_grad_weight(float *mem, Record o) {
  const float *d = mem + o[0], *input = mem + o[1];
  float *g = mem + o[2], *bias = mem + o[3];
  const int batch = o[4], inputs = o[5], outputs = o[6];
  for (int h = 0; h < outputs; h++) {
    float sum = 0;
    for (int b = 0; b < batch; b++) sum += d[b * outputs + h];
    bias[h] = sum;
    for (int k = 0; k < inputs; k += PANEL) {
      const float *x = input + (ptrdiff_t)k * batch;
      V acc[PANEL / LANES];
      for (int v = 0; v < PANEL / LANES; v++) acc[v] = v_set(0.0f);
      for (int b = 0; b < batch; b++) {
        V s = v_set(d[b * outputs + h]);
UNROLL
        for (int v = 0; v < PANEL / LANES; v++) acc[v] = v_fma(s, v_load(x + b * PANEL + v * LANES), acc[v]);
      }
      for (int v = 0; v < PANEL / LANES; v++) v_store(g + h * inputs + k + v * LANES, acc[v]);
    }
  }
}

/* ---- 5 sums, transposition ------------------------------------------------------------------------------------- */

/* Row r adds to lane r % SUM_LANES; numbering goes on from panel to panel. */
static void column_sum(float *mem, Record o) {
  const float *dz = mem + o[0];
  float *out = mem + o[1];
  const int batch = o[2], panels = o[3], stride = o[4];
  for (int c = 0; c < PANEL; c += LANES) {
    V acc[SUM_LANES] = {v_set(0.0f), v_set(0.0f), v_set(0.0f), v_set(0.0f)};
    int r = 0;
    for (int p = 0; p < panels; p++) {
      const float *row = dz + (ptrdiff_t)p * stride * batch * PANEL + c;
      int b = 0;
      for (; b < batch && r % SUM_LANES; b++, r++) acc[r % SUM_LANES] = acc[r % SUM_LANES] + v_load(row + b * PANEL);
      for (; b + SUM_LANES <= batch; b += SUM_LANES, r += SUM_LANES) {
UNROLL
        for (int i = 0; i < SUM_LANES; i++) acc[i] = acc[i] + v_load(row + (b + i) * PANEL);
      }
      for (; b < batch; b++, r++) acc[r % SUM_LANES] = acc[r % SUM_LANES] + v_load(row + b * PANEL);
    }
    v_store(out + c, (acc[0] + acc[1]) + (acc[2] + acc[3]));
  }
}

static void sum_squares(float *mem, Record o) {
  const float *x = mem + o[0];
  V acc[SQUARE_LANES / LANES];
  for (int v = 0; v < SQUARE_LANES / LANES; v++) acc[v] = v_set(0.0f);
  int i = 0;
  for (; i + SQUARE_LANES <= o[2]; i += SQUARE_LANES) {
UNROLL
    for (int v = 0; v < SQUARE_LANES / LANES; v++) {
      V y = v_load(x + i + v * LANES);
      acc[v] = v_fma(y, y, acc[v]);
    }
  }
  for (int v = 0; i < o[2]; i += LANES, v++) {
    V y = v_load(x + i);
    acc[v] = v_fma(y, y, acc[v]);
  }
  float lanes[SQUARE_LANES] __attribute__((aligned(64)));
  for (int v = 0; v < SQUARE_LANES / LANES; v++) v_store(lanes + v * LANES, acc[v]);
  mem[o[1]] = fold(lanes) + fold(lanes + PANEL);
}

/* Four by four: d[j][i] = s[i][j]. */
INLINE void transpose4(const float *s, float *d) {
  Q r0 = q_load(s), r1 = q_load(s + PANEL), r2 = q_load(s + 2 * PANEL), r3 = q_load(s + 3 * PANEL);
  Q t0 = Q_SHUFFLE(r0, r1, 0, 4, 1, 5), t1 = Q_SHUFFLE(r0, r1, 2, 6, 3, 7);
  Q t2 = Q_SHUFFLE(r2, r3, 0, 4, 1, 5), t3 = Q_SHUFFLE(r2, r3, 2, 6, 3, 7);
  q_store(d, Q_SHUFFLE(t0, t2, 0, 1, 4, 5));
  q_store(d + PANEL, Q_SHUFFLE(t0, t2, 2, 3, 6, 7));
  q_store(d + 2 * PANEL, Q_SHUFFLE(t1, t3, 0, 1, 4, 5));
  q_store(d + 3 * PANEL, Q_SHUFFLE(t1, t3, 2, 3, 6, 7));
}

static void transpose(float *mem, Record o) {
  const int inputs = o[2], outputs = o[3], index = o[4];
  const float *weight = mem + o[0] + (ptrdiff_t)index * inputs * PANEL;
  float *transposed = mem + o[1] + (ptrdiff_t)index * PANEL * PANEL;
  for (int k = 0; k < inputs; k += PANEL) {
    const float *from = weight + (ptrdiff_t)k * PANEL;
    float *to = transposed + (ptrdiff_t)k * outputs;
    for (int i = 0; i < PANEL; i += 4) {
      for (int j = 0; j < PANEL; j += 4) transpose4(from + i * PANEL + j, to + j * PANEL + i);
    }
  }
}

static void from_panels(float *mem, Record o) {
  const int batch = o[2], width = o[3];
  for (int b = 0; b < batch; b++) {
    for (int k = 0; k < width; k++) {
      mem[o[1] + b * width + k] = mem[o[0] + (ptrdiff_t)(k / PANEL * batch + b) * PANEL + k % PANEL];
    }
  }
}

static void to_panels_times(float *mem, Record o) {
  const int batch = o[3], width = o[4];
  for (int b = 0; b < batch; b++) {
    for (int k = 0; k < (width + PANEL - 1) / PANEL * PANEL; k++) {
      const ptrdiff_t at = (ptrdiff_t)(k / PANEL * batch + b) * PANEL + k % PANEL;
      mem[o[2] + at] = k < width ? mem[o[0] + b * width + k] * mem[o[1] + at] : 0;
    }
  }
}

/* ---- 6 Adam, Polyak ----------------------------------------------------------------------------------------------- */

static void adam(float *mem, Record o) {
  float *p = mem + o[0], *m = mem + o[1], *v = mem + o[2];
  const float *g = mem + o[3], *scalars = mem + o[4];
  V scale = v_set(scalars[0]), rate = v_set(-scalars[1]), eps = v_set(scalars[2]);
  V beta1 = v_set(scalars[3]), rest1 = v_set(scalars[4]), beta2 = v_set(scalars[5]), rest2 = v_set(scalars[6]);
  for (int i = 0; i < o[5]; i += LANES) {
    V d = v_load(g + i) * scale;
    V first = v_fma(rest1, d, beta1 * v_load(m + i));
    V second = v_fma(rest2, d * d, beta2 * v_load(v + i));
    v_store(m + i, first);
    v_store(v + i, second);
    v_store(p + i, v_fma(rate, first / (v_sqrt(second) + eps), v_load(p + i)));
  }
}

static void polyak(float *mem, Record o) {
  float *target = mem + o[0];
  const float *online = mem + o[1];
  V tau = v_set(mem[o[2]]);
  for (int i = 0; i < o[3]; i += LANES) {
    V t = v_load(target + i);
    v_store(target + i, v_fma(tau, v_load(online + i) - t, t));
  }
}

/* ---- 7 dispatch --------------------------------------------------------------------------------------------------- */

void KERNEL_NAME(run_op)(float *mem, Record record) {
  Record o = record + 1;
  switch (record[0]) {
    case OP_PAD: pad(mem, o); break;
    case OP_CONV: conv(mem, o); break;
    case OP_DENSE: dense(mem, o); break;
    case OP_HEAD: head(mem, o); break;
    case OP_HEAD_GRAD_INPUT: head_grad_input(mem, o); break;
    case OP_HEAD_GRAD_WEIGHT: head_grad_weight(mem, o); break;
    case OP_DENSE_GRAD_INPUT: dense_grad_input(mem, o); break;
    case OP_DENSE_GRAD_WEIGHT: dense_grad_weight(mem, o); break;
    case OP_COLUMN_SUM: column_sum(mem, o); break;
    case OP_CONV_GRAD_WEIGHT: conv_grad_weight(mem, o); break;
    case OP_TRANSPOSE: transpose(mem, o); break;
    case OP_SUM_SQUARES: sum_squares(mem, o); break;
    case OP_ADAM: adam(mem, o); break;
    case OP_POLYAK: polyak(mem, o); break;
    case OP_FROM_PANELS: from_panels(mem, o); break;
    case OP_TO_PANELS_TIMES: to_panels_times(mem, o); break;
    case OP_UNARY: unary(mem, o); break;
  }
}

/* Fused multiply-adds in registers alone: the peak that the benchmarks refer to. Returns the flops done. */
double KERNEL_NAME(peak)(int rounds, float *sink) {
  V a = v_set(0.999999f), b = v_set(1e-6f), acc[10];
  for (int i = 0; i < 10; i++) acc[i] = v_set((float)i);
  for (int n = 0; n < rounds; n++) {
UNROLL
    for (int i = 0; i < 10; i++) acc[i] = v_fma(acc[i], a, b);
  }
  V sum = v_set(0.0f);
  for (int i = 0; i < 10; i++) sum = sum + acc[i];
  v_store(sink, sum);
  return 2.0 * LANES * 10 * rounds;
}
