/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allocations.h - what all maps ask of the allocator, counted in the stats
 * build only: allocations_stats.c puts itself before malloc() and its kin in
 * readmostly-stats; everywhere else allocations.c counts nothing.
 */
#ifndef RM_ALLOCATIONS_H
#define RM_ALLOCATIONS_H

#include "runner/map.h"

/*
 * Emits `allocations` and `frees` (calls), `allocated_bytes`, `bytes` (held
 * now) and `bytes_peak` (most held; too low by 256 KiB at most), in usable
 * sizes, of the whole process since its start, libraries included; and of
 * glibc `heap_used_bytes` (in blocks) and `heap_held_bytes` (taken from the
 * system). Emits nothing where they are not counted. Any thread.
 */
void rm_allocations_emit(rm_stat_fn *emit, void *context);

#endif /* RM_ALLOCATIONS_H */
