/* SPDX-License-Identifier: Apache-2.0 */
/* sim_threads.h - scenarios with locks and malloc for test_sim_threads. */
#ifndef RM_SIM_THREADS_H
#define RM_SIM_THREADS_H

enum { SIM_THREADS_MAX = 32 };

/*
 * A fact, and code that tries to break it. This is ordinary pthread code,
 * compiled for the simulated machine like a map.
 */
struct sim_scenario {
	const char *fact;
	unsigned least; /* required number of threads */
	/* called on the main thread, before the other threads run; may be
	   NULL */
	void (*begin)(unsigned threads, unsigned round);
	void (*thread)(unsigned self);
	/* called on the main thread, after the other threads ran; may be NULL.
	   Checks the result. */
	void (*end)(void);
};

extern const struct sim_scenario sim_scenarios[];      /* locks and waits */
extern const struct sim_scenario sim_heap_scenarios[]; /* ends with fact NULL */

/* Text of the first failed expectation, or NULL. */
extern const char *sim_wrong;
extern unsigned sim_threads; /* number of running threads */

/* Records a failed expectation. */
#define SIM_EXPECT(condition)                   \
	do {                                    \
		if (!(condition) && !sim_wrong) \
			sim_wrong = #condition; \
	} while (0)

#endif /* RM_SIM_THREADS_H */
