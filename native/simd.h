/*
 * One vector of floats per instruction set. Arithmetic uses the compilers' vector extensions (+ - * /); what they lack
 * stands here. With -ffp-contract=off the only fused operation is v_fma, so every instruction set computes the same
 * bits, provided that it fuses (plain WebAssembly SIMD does not).
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* Before a loop of few, constant rounds: unroll it whole, so that arrays of vectors become registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define INLINE static inline __attribute__((always_inline))

#if defined(KERNEL_AVX512)
#include <immintrin.h>
#define LANES 16
#define TILE_ROWS 14
#elif defined(KERNEL_AVX2)
#include <immintrin.h>
#define LANES 8
#define TILE_ROWS 6
#elif defined(KERNEL_NEON)
#include <arm_neon.h>
#define LANES 4
#define TILE_ROWS 6
#else
#include <wasm_simd128.h>
#define LANES 4
#define TILE_ROWS 4 /* 6 spill: V8 keeps one of the 16 registers */
#endif

typedef float V __attribute__((vector_size(LANES * 4)));
typedef int32_t VI __attribute__((vector_size(LANES * 4)));
/* Unaligned and free of type-based aliasing: the memory holds floats and ints. */
typedef float VU __attribute__((vector_size(LANES * 4), aligned(4), may_alias));

INLINE V v_load(const float *p) { return *(const VU *)p; }
INLINE void v_store(float *p, V x) { *(VU *)p = x; }

#if defined(KERNEL_AVX512)
INLINE V v_set(float x) { return _mm512_set1_ps(x); }
INLINE V v_fma(V a, V b, V c) { return _mm512_fmadd_ps(a, b, c); }
INLINE V v_sqrt(V x) { return _mm512_sqrt_ps(x); }
/* max(x, limit) where a NaN in x stays. */
INLINE V v_at_least(V x, V limit) { return _mm512_max_ps(limit, x); }
INLINE V v_at_most(V x, V limit) { return _mm512_min_ps(limit, x); }
INLINE V v_abs(V x) { return _mm512_abs_ps(x); }
/* By the sign bit of x. */
INLINE V v_if_negative(V x, V then, V otherwise) {
  return _mm512_mask_blend_ps(_mm512_movepi32_mask((__m512i)x), otherwise, then);
}
#elif defined(KERNEL_AVX2)
INLINE V v_set(float x) { return _mm256_set1_ps(x); }
INLINE V v_fma(V a, V b, V c) { return _mm256_fmadd_ps(a, b, c); }
INLINE V v_sqrt(V x) { return _mm256_sqrt_ps(x); }
INLINE V v_at_least(V x, V limit) { return _mm256_max_ps(limit, x); }
INLINE V v_at_most(V x, V limit) { return _mm256_min_ps(limit, x); }
INLINE V v_abs(V x) { return _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x); }
INLINE V v_if_negative(V x, V then, V otherwise) { return _mm256_blendv_ps(otherwise, then, x); }
#elif defined(KERNEL_NEON)
INLINE V v_set(float x) { return vdupq_n_f32(x); }
INLINE V v_fma(V a, V b, V c) { return vfmaq_f32(c, a, b); }
INLINE V v_sqrt(V x) { return vsqrtq_f32(x); }
/* By comparison: NEON's own maximum and minimum order the zeros, which the other sets' don't. */
INLINE V v_at_least(V x, V limit) { return vbslq_f32(vcgtq_f32(limit, x), limit, x); }
INLINE V v_at_most(V x, V limit) { return vbslq_f32(vcltq_f32(limit, x), limit, x); }
INLINE V v_abs(V x) { return vabsq_f32(x); }
INLINE V v_if_negative(V x, V then, V otherwise) { return vbslq_f32(vcltzq_s32((int32x4_t)x), then, otherwise); }
#else
INLINE V v_set(float x) { return (V)wasm_f32x4_splat(x); }
#if defined(KERNEL_RELAXED) && __has_builtin(__builtin_wasm_relaxed_madd_f32x4)
INLINE V v_fma(V a, V b, V c) { return __builtin_wasm_relaxed_madd_f32x4(a, b, c); }
#elif defined(KERNEL_RELAXED)
/* clang 14 knows the instruction by an earlier name and number; build-wasm.mjs puts the final number in. */
INLINE V v_fma(V a, V b, V c) { return __builtin_wasm_fma_f32x4(a, b, c); }
#else
INLINE V v_fma(V a, V b, V c) { return a * b + c; }
#endif
INLINE V v_sqrt(V x) { return (V)wasm_f32x4_sqrt((v128_t)x); }
INLINE V v_at_least(V x, V limit) { return (V)wasm_f32x4_pmax((v128_t)x, (v128_t)limit); }
INLINE V v_at_most(V x, V limit) { return (V)wasm_f32x4_pmin((v128_t)x, (v128_t)limit); }
INLINE V v_abs(V x) { return (V)wasm_f32x4_abs((v128_t)x); }
INLINE V v_if_negative(V x, V then, V otherwise) {
  return (V)wasm_v128_bitselect((v128_t)then, (v128_t)otherwise, wasm_i32x4_shr((v128_t)x, 31));
}
#endif

/* x < y ? then : otherwise, lane by lane; false for NaN. */
INLINE V v_if_less(V x, V y, V then, V otherwise) {
  VI mask = x < y;
  return (V)((mask & (VI)then) | (~mask & (VI)otherwise));
}

/* Four lanes, for transposing and folding in the same order everywhere. */
typedef float Q __attribute__((vector_size(16)));
typedef float QU __attribute__((vector_size(16), aligned(4), may_alias));
INLINE Q q_load(const float *p) { return *(const QU *)p; }
INLINE void q_store(float *p, Q x) { *(QU *)p = x; }
#if defined(__clang__) || __GNUC__ >= 12
#define Q_SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef int32_t QI __attribute__((vector_size(16)));
#define Q_SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (QI){i, j, k, l})
#endif
