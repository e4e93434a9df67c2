/*
 * The kernels as a Node-API addon. Exports version and create(threads, isa) -> { buffer, isa, threads, poolBytes, run,
 * peak, stop }.
 * `buffer` is the kernels' memory, with the pool at its start; it ends, and the threads with it, when nothing holds it.
 */
#define _GNU_SOURCE
#include <node_api.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include "kernels.h"
#include "pool.h"

/* Address space; pages are only taken when touched. Where the system refuses it, the next smaller is asked for. */
static const size_t MEMORY_BYTES[] = {(size_t)4 << 30, (size_t)1 << 30, (size_t)256 << 20};

/* The instruction sets that this file was built with, the widest first. */
typedef struct InstructionSet {
  const char *name;
  RunOp run_op;
  Peak peak;
  int (*is_here)(void);
} InstructionSet;
#define KERNELS_OF(isa)                                  \
  void run_op_##isa(float *mem, const int32_t *record);  \
  double peak_##isa(int rounds, float *sink);
#if defined(__x86_64__)
KERNELS_OF(avx512)
KERNELS_OF(avx2)
static int has_avx512(void) {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}
static int has_avx2(void) { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
static const InstructionSet SETS[] = {
    {"avx512", run_op_avx512, peak_avx512, has_avx512},
    {"avx2", run_op_avx2, peak_avx2, has_avx2},
};
#elif defined(__aarch64__)
KERNELS_OF(neon)
static int has_neon(void) { return 1; }
static const InstructionSet SETS[] = {{"neon", run_op_neon, peak_neon, has_neon}};
#endif

/* The first that the processor has and that is called `name` or, for "auto", anything; null where there is none. */
static const InstructionSet *choose_set(const char *name) {
#if defined(__x86_64__)
  __builtin_cpu_init();
#endif
  for (size_t i = 0; i < sizeof(SETS) / sizeof(*SETS); i++)
    if ((!strcmp(name, "auto") || !strcmp(name, SETS[i].name)) && SETS[i].is_here()) return &SETS[i];
  return 0;
}

typedef struct Engine {
  float *mem;
  size_t bytes;
  Pool *pool;
  RunOp run_op;
  Peak peak;
  int threads;
  pthread_t ids[MAX_THREADS];
  struct {
    struct Engine *engine;
    int number;
  } workers[MAX_THREADS];
} Engine;

static void *worker(void *data) {
  struct {
    Engine *engine;
    int number;
  } *self = data;
  Engine *e = self->engine;
  pool_work(e->mem, e->pool, e->run_op, self->number);
  return 0;
}

static void stop_threads(Engine *e) {
  if (e->threads > 1) pool_stop(e->pool);
  for (int i = 1; i < e->threads; i++) pthread_join(e->ids[i], 0);
  e->threads = 1;
}

static void release(napi_env env, void *data, void *hint) {
  (void)env, (void)data;
  Engine *e = hint;
  stop_threads(e);
  munmap(e->mem, e->bytes);
  free(e);
}

static napi_value run(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value arg;
  void *data;
  int32_t program;
  napi_get_cb_info(env, info, &argc, &arg, 0, &data);
  napi_get_value_int32(env, arg, &program);
  Engine *e = data;
  pool_run(e->mem, e->pool, e->run_op, program, e->threads);
  return 0;
}

static napi_value peak(napi_env env, napi_callback_info info) {
  size_t argc = 1;
  napi_value arg, result;
  void *data;
  int32_t rounds;
  napi_get_cb_info(env, info, &argc, &arg, 0, &data);
  napi_get_value_int32(env, arg, &rounds);
  float sink[16];
  napi_create_double(env, ((Engine *)data)->peak(rounds, sink), &result);
  return result;
}

static napi_value stop(napi_env env, napi_callback_info info) {
  (void)env;
  void *data;
  napi_get_cb_info(env, info, 0, 0, 0, &data);
  stop_threads(data);
  return 0;
}

static void *map_memory(size_t *bytes) {
  for (size_t i = 0; i < sizeof(MEMORY_BYTES) / sizeof(*MEMORY_BYTES); i++) {
    void *at = mmap(0, MEMORY_BYTES[i], PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (at == MAP_FAILED) continue;
#ifdef MADV_HUGEPAGE
    madvise(at, MEMORY_BYTES[i], MADV_HUGEPAGE); /* some megabytes of weights: fewer misses of the TLB */
#endif
    *bytes = MEMORY_BYTES[i];
    return at;
  }
  return 0;
}

/* create(threads, isa): isa is 'auto' or an instruction set's name; null where the processor lacks it. */
static napi_value create(napi_env env, napi_callback_info info) {
  size_t argc = 2;
  napi_value args[2], result, value;
  int32_t threads;
  char isa[16] = "";
  napi_get_cb_info(env, info, &argc, args, 0, 0);
  napi_get_value_int32(env, args[0], &threads);
  napi_get_value_string_utf8(env, args[1], isa, sizeof isa, 0);
  const InstructionSet *set = choose_set(isa);
  napi_get_null(env, &result);
  if (!set) return result;
  Engine *e = calloc(1, sizeof *e);
  if (!e || !(e->mem = map_memory(&e->bytes))) {
    free(e);
    return result;
  }
  e->run_op = set->run_op;
  e->peak = set->peak;
  e->pool = (Pool *)e->mem;
  e->threads = 1;
  for (int i = 1; i < threads && i < MAX_THREADS; i++) {
    e->workers[i].engine = e;
    e->workers[i].number = i;
    if (pthread_create(&e->ids[i], 0, worker, &e->workers[i])) break;
    e->threads++;
  }
  napi_create_object(env, &result);
  napi_create_external_arraybuffer(env, e->mem, e->bytes, release, e, &value);
  napi_set_named_property(env, result, "buffer", value);
  napi_create_string_utf8(env, set->name, NAPI_AUTO_LENGTH, &value);
  napi_set_named_property(env, result, "isa", value);
  napi_create_int32(env, e->threads, &value);
  napi_set_named_property(env, result, "threads", value);
  napi_create_int32(env, sizeof(Pool), &value);
  napi_set_named_property(env, result, "poolBytes", value);
  const struct {
    const char *name;
    napi_callback call;
  } methods[] = {{"run", run}, {"peak", peak}, {"stop", stop}};
  for (int i = 0; i < 3; i++) {
    napi_create_function(env, methods[i].name, NAPI_AUTO_LENGTH, methods[i].call, e, &value);
    napi_set_named_property(env, result, methods[i].name, value);
  }
  return result;
}

NAPI_MODULE_INIT() {
  napi_value value;
  napi_create_function(env, "create", NAPI_AUTO_LENGTH, create, 0, &value);
  napi_set_named_property(env, exports, "create", value);
  napi_create_int32(env, KERNELS_VERSION, &value);
  napi_set_named_property(env, exports, "version", value);
  return exports;
}
