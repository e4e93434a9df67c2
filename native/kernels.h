/* Names of the kernels of one instruction set: KERNEL_NAME(run_op) is run_op_avx512 and the like. */
#pragma once
#include <stdint.h>
#include "ops.h"

#define KERNEL_JOIN(name, suffix) name##_##suffix
#define KERNEL_PASTE(name, suffix) KERNEL_JOIN(name, suffix)
#define KERNEL_NAME(name) KERNEL_PASTE(name, KERNEL_SUFFIX)

typedef void (*RunOp)(float *mem, const int32_t *record);
typedef double (*Peak)(int rounds, float *sink);
