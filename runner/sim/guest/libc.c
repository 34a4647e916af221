/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libc.c - memory functions of simulated code: the work is the host's library,
 * the accesses are counted, 16 bytes at a time and in its order.
 */
#include "runner/sim/guest/guest.h"
#include "runner/sim/guest/touch.h"

#include <string.h>

#define SITE __builtin_return_address(0)

enum { STEP = 16 };

/* The machine's own library reads and writes by vectors. */
static void touch_all(
        const void *at, size_t bytes, enum rm_sim_kind kind, const void *site)
{
	uintptr_t address = (uintptr_t)at;

	for (; bytes > STEP; bytes -= STEP, address += STEP)
		rm_sim_touch_slow(address, STEP, kind, site);
	rm_sim_touch_slow(address, bytes, kind, site);
}

static void touch_copy(
        const void *to, const void *from, size_t bytes, const void *site)
{
	for (size_t done = 0; done < bytes; done += STEP) {
		size_t part = bytes - done < STEP ? bytes - done : STEP;

		rm_sim_touch_slow(
		        (uintptr_t)from + done, part, RM_SIM_LOAD, site);
		rm_sim_touch_slow(
		        (uintptr_t)to + done, part, RM_SIM_STORE, site);
	}
}

void *rm_sim_memcpy(void *to, const void *from, size_t bytes)
{
	touch_copy(to, from, bytes, SITE);
	return memcpy(to, from, bytes);
}

void *rm_sim_memmove(void *to, const void *from, size_t bytes)
{
	touch_copy(to, from, bytes, SITE);
	return memmove(to, from, bytes);
}

void *rm_sim_memset(void *to, int value, size_t bytes)
{
	touch_all(to, bytes, RM_SIM_STORE, SITE);
	return memset(to, value, bytes);
}

/* As far as the first 16 bytes that differ. */
int rm_sim_memcmp(const void *a, const void *b, size_t bytes)
{
	for (size_t done = 0; done < bytes; done += STEP) {
		size_t part = bytes - done < STEP ? bytes - done : STEP;
		const char *left = (const char *)a + done;
		const char *right = (const char *)b + done;
		int difference;

		touch_all(left, part, RM_SIM_LOAD, SITE);
		touch_all(right, part, RM_SIM_LOAD, SITE);
		difference = memcmp(left, right, part);
		if (difference)
			return difference;
	}
	return 0;
}

/* What clang makes of a memcmp() whose sign nobody looks at. */
int rm_sim_bcmp(const void *a, const void *b, size_t bytes)
{
	return rm_sim_memcmp(a, b, bytes);
}
