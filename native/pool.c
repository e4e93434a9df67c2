/* See pool.h. */
#include "pool.h"
#include <stdatomic.h>
#include <stddef.h>
#include "wait.h"

#define RUN_OF(state) ((state) >> 8)
#define PHASE_OF(state) ((state)&0xff)

static const int32_t *words_of(float *mem, Pool *pool) { return (const int32_t *)(mem + pool->program); }

/* Deals the units of `phase` and lets everyone see it. */
static void open_phase(Pool *pool, const int32_t *words, uint32_t run, uint32_t phase) {
  const uint32_t next = run << 8 | phase;
  if ((int32_t)phase < words[0]) {
    const uint64_t units = (uint64_t)words[2 + 2 * phase], threads = (uint64_t)pool->threads;
    atomic_store_explicit(&pool->done, 0, memory_order_relaxed);
    for (uint64_t t = 0; t < threads; t++) {
      const uint64_t from = t * units / threads, to = (t + 1) * units / threads;
      atomic_store_explicit(&pool->queues[t].word, (uint64_t)next << 32 | from << 16 | to, memory_order_release);
    }
  }
  atomic_store_explicit(&pool->state, next, memory_order_seq_cst);
  if (atomic_load_explicit(&pool->sleepers, memory_order_seq_cst)) wake_all(&pool->state);
}

/* A unit of the state's phase, first of the thread's own; -1 when all are taken. */
static int claim(Pool *pool, uint32_t state, int thread, int threads) {
  for (int i = 0; i < threads; i++) {
    Queue *queue = &pool->queues[(thread + i) % threads];
    uint64_t word = atomic_load_explicit(&queue->word, memory_order_acquire);
    while ((uint32_t)(word >> 32) == state && (word >> 16 & 0xffff) < (word & 0xffff)) {
      if (atomic_compare_exchange_weak_explicit(&queue->word, &word, word + 0x10000, memory_order_acq_rel,
                                                memory_order_acquire)) {
        return (int)(word >> 16 & 0xffff);
      }
    }
  }
  return -1;
}

static void run_unit(float *mem, RunOp run_op, const int32_t *words, int unit) {
  const int32_t *entry = words + 1 + 2 * words[0] + 2 * unit;
  const int32_t *op = words + entry[0];
  for (int i = 0; i < entry[1]; i++, op += RECORD) run_op(mem, op);
}

/* Takes part in the current run until no unit of the current phase is left to take. Returns the state it saw. */
static uint32_t take_part(float *mem, Pool *pool, RunOp run_op, int thread, int threads) {
  for (;;) {
    const uint32_t state = atomic_load_explicit(&pool->state, memory_order_acquire);
    const int unit = claim(pool, state, thread, threads);
    if (unit < 0) return state;
    /* Whoever holds a unit keeps the run open, so the program can't change under it. */
    const int32_t *words = words_of(mem, pool);
    const uint32_t phase = PHASE_OF(state);
    const uint32_t units = (uint32_t)words[2 + 2 * phase];
    run_unit(mem, run_op, words, words[1 + 2 * phase] + unit);
    /* From here on only the last of the phase may look at the program. */
    if (atomic_fetch_add_explicit(&pool->done, 1, memory_order_acq_rel) + 1 == units) {
      open_phase(pool, words, RUN_OF(state), phase + 1);
    }
  }
}

/* Runs all units in order on this thread. */
static void run_alone(float *mem, RunOp run_op, const int32_t *words) {
  const int32_t last = words[0] - 1, units = words[1 + 2 * last] + words[2 + 2 * last];
  for (int32_t unit = 0; unit < units; unit++) run_unit(mem, run_op, words, unit);
}

/* Returns whether the caller lost time because another thread had a unit and did not finish it. */
static int run_together(float *mem, Pool *pool, RunOp run_op, int32_t program, int threads) {
  const int32_t *words = (const int32_t *)(mem + program);
  const uint32_t run = (RUN_OF(atomic_load_explicit(&pool->state, memory_order_relaxed)) + 1) & 0xffffff;
  pool->program = program;
  pool->threads = threads;
  open_phase(pool, words, run, 0);
  const uint32_t over = run << 8 | (uint32_t)words[0];
  int stalled = 0;
  for (;;) {
    const uint32_t state = take_part(mem, pool, run_op, 0, threads);
    if (state == over) return stalled;
    uint64_t spin = spin_start();
    while (atomic_load_explicit(&pool->state, memory_order_acquire) == state) {
      if (spin_more(&spin)) continue;
      if (sleep_while(&pool->state, state, &pool->sleepers, STALL_NS)) stalled = 1;
    }
  }
}

/* Runs without a stall after which the machine counts as free again. */
#define CALM_RUNS 100
#define SHORTEST_PATIENCE 30
#define LONGEST_PATIENCE 240

/*
 * A thread that is kept off its core while it holds a unit makes the caller wait for as long as the system lets another
 * program run. So after a stall the caller does the next runs alone, and more of them every time it tries again in vain.
 */
void pool_run(float *mem, Pool *pool, RunOp run_op, int32_t program, int threads) {
  const int32_t *words = (const int32_t *)(mem + program);
  int most = 0;
  for (int p = 0; p < words[0]; p++) most = words[2 + 2 * p] > most ? words[2 + 2 * p] : most;
  if (threads == 1 || most == 1) {
    run_alone(mem, run_op, words);
  } else if (pool->alone > 0) {
    pool->alone--;
    run_alone(mem, run_op, words);
  } else if (run_together(mem, pool, run_op, program, threads)) {
    const int doubled = 2 * pool->patience < LONGEST_PATIENCE ? 2 * pool->patience : LONGEST_PATIENCE;
    pool->patience = pool->calm >= CALM_RUNS || doubled == 0 ? SHORTEST_PATIENCE : doubled;
    pool->alone = pool->patience;
    pool->calm = 0;
  } else {
    pool->calm++;
  }
}

void pool_work(float *mem, Pool *pool, RunOp run_op, int thread) {
  while (!atomic_load_explicit(&pool->stop, memory_order_acquire)) {
    const uint32_t state = take_part(mem, pool, run_op, thread, MAX_THREADS);
    uint64_t spin = spin_start();
    while (atomic_load_explicit(&pool->state, memory_order_acquire) == state) {
      if (!spin_more(&spin)) sleep_while(&pool->state, state, &pool->sleepers, -1);
    }
  }
}

void pool_stop(Pool *pool) {
  atomic_store_explicit(&pool->stop, 1, memory_order_release);
  atomic_fetch_add_explicit(&pool->state, 0x100, memory_order_seq_cst);
  wake_all(&pool->state);
}
