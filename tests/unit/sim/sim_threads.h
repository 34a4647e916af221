/* SPDX-License-Identifier: Apache-2.0 */
/* sim_threads.h - threads that use locks and malloc, for test_sim_threads. */
#ifndef RM_SIM_THREADS_H
#define RM_SIM_THREADS_H

enum { SIM_THREADS_MAX = 32 };

/*
 * One fact and the code that would break it. It is ordinary pthread code,
 * compiled as a map is for the simulated machine.
 */
struct sim_scenario {
	const char *fact;
	unsigned least; /* threads that it needs */
	/* main thread, before the others; may be NULL */
	void (*begin)(unsigned threads, unsigned round);
	void (*thread)(unsigned self);
	/* main thread, after them; may be NULL. Checks what they left. */
	void (*end)(void);
};

extern const struct sim_scenario sim_scenarios[]; /* of locks and waiting */
extern const struct sim_scenario sim_heap_scenarios[]; /* ended by fact NULL */

/* What went wrong first, or NULL. */
extern const char *sim_wrong;
extern unsigned sim_threads; /* that run */

/* Notes a fact that does not hold. */
#define SIM_EXPECT(condition)                   \
	do {                                    \
		if (!(condition) && !sim_wrong) \
			sim_wrong = #condition; \
	} while (0)

#endif /* RM_SIM_THREADS_H */
