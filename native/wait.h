/* Waiting on a word of memory: Linux futex, WebAssembly's wait and notify, or short sleeps where there is neither. */
#pragma once
#include <stdatomic.h>
#include <stdint.h>

/*
 * A thread watches a word for a while before it sleeps: waking a sleeper costs more than the gaps between the calls of
 * a training. The limit is about 150 microseconds: SPIN_LIMIT in cycles of the processor's clock or, in WebAssembly, in looks.
 * STALL_NS is longer than a unit takes and shorter than what a system gives another program: who waits for that long
 * waits for a thread that was kept off its core.
 */
#if defined(__wasm__)
#define SPIN_LIMIT 150000
#define STALL_NS 6000000
static inline uint64_t spin_start(void) { return 0; }
static inline int spin_more(uint64_t *spin) { return ++*spin < SPIN_LIMIT; }
#elif defined(__aarch64__)
/* The virtual counter's frequency is the system's own: read once, the limit is the same time everywhere. */
#define STALL_NS 1500000
static inline uint64_t spin_clock(void) {
  uint64_t ticks;
  __asm__ volatile("mrs %0, cntvct_el0" : "=r"(ticks));
  return ticks;
}
static inline uint64_t spin_start(void) { return spin_clock(); }
static inline int spin_more(uint64_t *spin) {
  uint64_t ticks_per_second;
  __asm__ volatile("mrs %0, cntfrq_el0" : "=r"(ticks_per_second));
  __asm__ volatile("yield");
  return spin_clock() - *spin < ticks_per_second / 6667;
}
#else
#include <immintrin.h>
#define SPIN_LIMIT 400000
#define STALL_NS 1500000
static inline uint64_t spin_start(void) { return __builtin_ia32_rdtsc(); }
static inline int spin_more(uint64_t *spin) {
  _mm_pause();
  return __builtin_ia32_rdtsc() - *spin < SPIN_LIMIT;
}
#endif

/* wait_word sleeps while the word has this value, at most `ns` nanoseconds (for ever if negative); 1 if time ran out. */
#if defined(__wasm__)
static inline int wait_word(_Atomic uint32_t *word, uint32_t value, int64_t ns) {
  return __builtin_wasm_memory_atomic_wait32((int *)word, (int)value, ns) == 2;
}
static inline void wake_all(_Atomic uint32_t *word) { __builtin_wasm_memory_atomic_notify((int *)word, 1 << 20); }
#elif defined(__linux__)
#include <errno.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
static inline int wait_word(_Atomic uint32_t *word, uint32_t value, int64_t ns) {
  const struct timespec limit = {ns / 1000000000, ns % 1000000000};
  return syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, ns < 0 ? 0 : &limit, 0, 0) < 0 && errno == ETIMEDOUT;
}
static inline void wake_all(_Atomic uint32_t *word) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1 << 20, 0, 0, 0);
}
#else
#include <time.h>
static inline int wait_word(_Atomic uint32_t *word, uint32_t value, int64_t ns) {
  const struct timespec moment = {0, 50000};
  for (int64_t waited = 0; atomic_load(word) == value; waited += 50000) {
    if (ns >= 0 && waited >= ns) return 1;
    nanosleep(&moment, 0);
  }
  return 0;
}
static inline void wake_all(_Atomic uint32_t *word) { (void)word; }
#endif

/* As wait_word, counted among the sleepers so that nobody needs to wake them when there are none. */
static inline int sleep_while(_Atomic uint32_t *word, uint32_t value, _Atomic uint32_t *sleepers, int64_t ns) {
  int late = 0;
  atomic_fetch_add_explicit(sleepers, 1, memory_order_seq_cst);
  if (atomic_load_explicit(word, memory_order_seq_cst) == value) late = wait_word(word, value, ns);
  atomic_fetch_sub_explicit(sleepers, 1, memory_order_seq_cst);
  return late;
}
