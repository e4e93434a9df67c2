/*
 * Runs programs (src/nn/program.ts) on several threads. A phase's units are dealt to the threads in equal runs, so a
 * thread keeps to one network's memory; whoever is done takes from the others. Which thread runs a unit changes nothing
 * in the results, so a busy machine may change it at will.
 */
#pragma once
#include <stdint.h>
#include "kernels.h"

#define MAX_THREADS 16
#define CACHE_LINE 64

/*
 * Units of one phase that belong to one thread: run (24 bits) | phase (8) | next (16) | end (16). A claim is a
 * compare-and-swap on the whole word, so a thread that comes late with an old run in mind can't take anything.
 */
typedef struct {
  _Atomic uint64_t word;
  char space[CACHE_LINE - sizeof(uint64_t)];
} Queue;

/* Lies in the kernels' memory, at the start: WebAssembly threads share nothing else. */
typedef struct {
  Queue queues[MAX_THREADS];
  /* run (24 bits) | phase (8): what is being done now; the phase after the last means that the run is over. */
  _Atomic uint32_t state;
  _Atomic uint32_t sleepers;
  _Atomic uint32_t stop;
  _Atomic uint32_t done; /* units of this phase that are finished */
  int32_t program;       /* offset of its words, in floats */
  int32_t threads;       /* that take part in this run */
  int32_t alone;         /* runs that the caller will still do alone */
  int32_t patience;      /* how many it will after the next stall */
  int32_t calm;          /* runs since the last stall */
} Pool;

/*
 * Runs a program and returns when it is done. At most `threads` of the pool take part, the caller (number 0) among
 * them; fewer while the cores are not free.
 */
void pool_run(float *mem, Pool *pool, RunOp run_op, int32_t program, int threads);
/* What every other thread does until `stop`. */
void pool_work(float *mem, Pool *pool, RunOp run_op, int thread);
/* Ends `pool_work` everywhere. */
void pool_stop(Pool *pool);
