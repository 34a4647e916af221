/* SPDX-License-Identifier: Apache-2.0 */
/* played_waits.h - one of the choices for GO_WAITS: instead of sleeping, it
   calls a function that acts as another thread. */
#ifndef RM_TEST_PLAYED_WAITS_H
#define RM_TEST_PLAYED_WAITS_H

#include <stdatomic.h>
#include <stdint.h>

struct played_waits {
	unsigned waits, wakes;
	uint32_t value, woken; /* values of the word at the last wait and
	                          at the last wake */
	_Atomic uint32_t *word;
	void (*meanwhile)(_Atomic uint32_t *word);
};

static struct played_waits played_waits;

/* Returns at once if the value differs, like the kernel. */
static inline void go_futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	if (*word != value)
		return;
	played_waits.waits++;
	played_waits.word = word;
	played_waits.value = value;
	played_waits.meanwhile(word);
}

static inline void go_futex_wake(_Atomic uint32_t *word, uint32_t threads)
{
	played_waits.wakes++;
	played_waits.word = word;
	played_waits.woken = threads;
}

#endif /* RM_TEST_PLAYED_WAITS_H */
