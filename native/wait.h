/* Waiting on a word of memory: Linux futex, WebAssembly's wait and notify, or a short sleep where there is neither. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

/* How long a thread watches a word before it sleeps: some tens of microseconds, in calls of relax(). */
#if defined(__wasm__)
#define IDLE_SPINS 60000
static inline void relax(void) {}
/* Milliseconds of a clock that only goes forward. */
__attribute__((import_module("env"), import_name("now"))) double clock_ms(void);
static inline void wait_word(_Atomic uint32_t *word, uint32_t value) {
  __builtin_wasm_memory_atomic_wait32((int *)word, (int)value, -1);
}
static inline void wake_all(_Atomic uint32_t *word) { __builtin_wasm_memory_atomic_notify((int *)word, 1 << 20); }
#else
#include <immintrin.h>
#include <time.h>
#define IDLE_SPINS 2000
static inline void relax(void) { _mm_pause(); }
static inline double clock_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}
#if defined(__linux__)
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
static inline void wait_word(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, 0, 0, 0);
}
static inline void wake_all(_Atomic uint32_t *word) { syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1 << 20, 0, 0, 0); }
#else
static inline void wait_word(_Atomic uint32_t *word, uint32_t value) {
  struct timespec pause = {0, 50000};
  if (atomic_load(word) == value) nanosleep(&pause, 0);
}
static inline void wake_all(_Atomic uint32_t *word) { (void)word; }
#endif
#endif

static inline void sleep_while(_Atomic uint32_t *word, uint32_t value, _Atomic uint32_t *sleepers) {
  atomic_fetch_add_explicit(sleepers, 1, memory_order_seq_cst);
  if (atomic_load_explicit(word, memory_order_seq_cst) == value) wait_word(word, value);
  atomic_fetch_sub_explicit(sleepers, 1, memory_order_seq_cst);
}
