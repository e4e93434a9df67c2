/* What the WebAssembly module exports. `mem` is 0, but only the caller may know that: C has no object at address 0. */
#include "kernels.h"
#include "pool.h"

#define EXPORT(name) __attribute__((export_name(#name)))

void KERNEL_NAME(run_op)(float *mem, const int32_t *record);
double KERNEL_NAME(peak)(int rounds, float *sink);

EXPORT(run) void run(float *mem, Pool *pool, int32_t program, int32_t threads) {
  pool_run(mem, pool, KERNEL_NAME(run_op), program, threads);
}

EXPORT(work) void work(float *mem, Pool *pool, int32_t thread) { pool_work(mem, pool, KERNEL_NAME(run_op), thread); }

EXPORT(stop) void stop(Pool *pool) { pool_stop(pool); }

EXPORT(peak) double peak(int32_t rounds, float *sink) { return KERNEL_NAME(peak)(rounds, sink); }

EXPORT(pool_bytes) int32_t pool_bytes(void) { return (int32_t)sizeof(Pool); }
