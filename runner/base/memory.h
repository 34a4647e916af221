/* SPDX-License-Identifier: Apache-2.0 */
/* memory.h - how much memory this machine can give now. */
#ifndef RM_MEMORY_H
#define RM_MEMORY_H

#include <stdint.h>

/* MemAvailable of /proc/meminfo in bytes; 0 where it does not say. */
uint64_t rm_memory_available_bytes(void);

#endif /* RM_MEMORY_H */
