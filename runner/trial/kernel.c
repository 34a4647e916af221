/* SPDX-License-Identifier: Apache-2.0 */
/* kernel.c - reads the kernel's statistics of threads and memory, and sets the
   NUMA policy. On the simulated machine, runner/sim/program/usage.c replaces
   this file. */
#include "runner/trial/trial.h"

#include "runner/base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/mempolicy.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

void rm_usage_read_thread(struct rm_thread_usage *usage)
{
	struct rusage self;
	const bool known = !getrusage(RUSAGE_THREAD, &self);

	usage->cpu_ns = rm_thread_cpu_ns();
	usage->voluntary_switches = known ? self.ru_nvcsw : -1;
	usage->involuntary_switches = known ? self.ru_nivcsw : -1;
	usage->minor_faults = known ? self.ru_minflt : -1;
	usage->major_faults = known ? self.ru_majflt : -1;
}

int64_t rm_usage_other_threads_ns(void)
{
	struct timespec all;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &all))
		return -1;
	return (int64_t)all.tv_sec * 1000000000 + all.tv_nsec -
	       (int64_t)rm_thread_cpu_ns();
}

/* Returns the number after `name` in the first line that begins with `name`, or
   -1. */
static int64_t field(const char *file, const char *name)
{
	char line[512];
	int64_t value = -1;
	FILE *in = fopen(file, "re");

	if (!in)
		return -1;
	while (value < 0 && fgets(line, sizeof(line), in))
		if (!strncmp(line, name, strlen(name))) {
			const char *digits =
			        strpbrk(line + strlen(name), "0123456789");

			value = digits ? strtoll(digits, NULL, 10) : -1;
		}
	fclose(in);
	return value;
}

void rm_usage_read_thread_slow(struct rm_thread_usage *usage)
{
	FILE *in = fopen("/proc/thread-self/schedstat", "re");

	usage->runqueue_wait_ns = -1;
	if (in) {
		if (fscanf(in, "%*d %" SCNd64, &usage->runqueue_wait_ns) != 1)
			usage->runqueue_wait_ns = -1;
		fclose(in);
	}
	usage->migrations =
	        field("/proc/thread-self/sched", "se.nr_migrations");
}

/* Spins instead of sleeping, since the other CPUs would run faster next to an
   idle CPU. The time limit is for threads that failed earlier and never
   arrive. */
static void wait_for_others(_Atomic unsigned *ready, unsigned all)
{
	uint64_t end_ns = rm_now_ns() + 5000000;

	/* relaxed: the threads share only this count */
	atomic_fetch_add_explicit(ready, 1, memory_order_relaxed);
	while (atomic_load_explicit(ready, memory_order_relaxed) < all &&
	        rm_now_ns() < end_ns)
		;
}

/* Adds registers. Golden Cove and later CPUs eliminate additions of small
   constants at rename, but an addition of two registers has a latency of one
   cycle on every CPU (uops.info). The asm makes each addition depend on the
   previous one. */
#define ADD(sum, step)                                        \
	do {                                                  \
		__asm__ volatile("" : "+r"(sum), "+r"(step)); \
		(sum) += (step);                              \
	} while (0)

double rm_usage_measure_adds_per_ns(_Atomic unsigned *ready, unsigned all)
{
	enum { ADDS = 200000, IN_A_TURN = 8, RUNS = 5 };
	double best = 0;

	wait_for_others(ready, all);
	for (int run = 0; run < RUNS; run++) {
		uint64_t start_ns = rm_now_ns(), sum = 0, step = 1, took_ns;

		for (int i = 0; i < ADDS; i += IN_A_TURN) {
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
			ADD(sum, step);
		}
		__asm__ volatile("" : "+r"(sum));
		took_ns = rm_now_ns() - start_ns;
		if (took_ns && (double)ADDS / (double)took_ns > best)
			best = (double)ADDS / (double)took_ns;
	}
	return best;
}

/* Uses the minimum of several runs. A preempted run would report a cost of
   microseconds, so that long windows would be void. */
void rm_usage_measure_clock(double *cost_ns, uint64_t *step_ns)
{
	enum { READINGS = 200, RUNS = 5 };

	*cost_ns = INFINITY;
	*step_ns = UINT64_MAX;
	for (int run = 0; run < RUNS; run++) {
		uint64_t start_ns = rm_now_ns(), last_ns = start_ns;

		for (int i = 0; i < READINGS; i++) {
			uint64_t now_ns = rm_now_ns();

			if (now_ns > last_ns && now_ns - last_ns < *step_ns)
				*step_ns = now_ns - last_ns;
			last_ns = now_ns;
		}
		*cost_ns =
		        fmin(*cost_ns, (double)(last_ns - start_ns) / READINGS);
	}
}

uint64_t rm_usage_rss_bytes(void)
{
	long pages = 0;
	FILE *in = fopen("/proc/self/statm", "re");

	if (in) {
		if (fscanf(in, "%*d %ld", &pages) != 1)
			pages = 0;
		fclose(in);
	}
	return (uint64_t)pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

uint64_t rm_usage_peak_rss_bytes(void)
{
	int64_t kib = field("/proc/self/status", "VmHWM:");

	return kib > 0 ? (uint64_t)kib * 1024 : 0;
}

/* Adds the pages per node listed in one line of numa_maps ("N3=17"). */
static void add_nodes(char *line, int64_t *pages)
{
	for (char *word = strtok(line, " \n"); word;
	        word = strtok(NULL, " \n")) {
		int node;
		int64_t count;

		if (sscanf(word, "N%d=%" SCNd64, &node, &count) == 2 &&
		        node >= 0 && node < RM_NODES_MAX)
			pages[node] += count;
	}
}

int rm_usage_count_pages(int64_t pages[RM_NODES_MAX])
{
	char line[4096];
	FILE *in = fopen("/proc/self/numa_maps", "re");

	memset(pages, 0, RM_NODES_MAX * sizeof(*pages));
	if (!in)
		return -errno;
	while (fgets(line, sizeof(line), in))
		if (strstr(line, "anon="))
			add_nodes(line, pages);
	fclose(in);
	return 0;
}

static json_t *page_nodes(const int64_t pages[RM_NODES_MAX])
{
	json_t *nodes = json_object();
	char name[16];

	for (int i = 0; i < RM_NODES_MAX; i++)
		if (pages[i]) {
			snprintf(name, sizeof(name), "%d", i);
			json_object_set_new(
			        nodes, name, json_integer(pages[i]));
		}
	return nodes;
}

void rm_usage_read_pages(json_t *memory)
{
	int64_t pages[RM_NODES_MAX];
	int failed = rm_usage_count_pages(pages);
	int64_t huge_kib = field("/proc/self/smaps_rollup", "AnonHugePages:");
	char reason[128];

	snprintf(reason, sizeof(reason), "/proc/self/numa_maps: %s",
	        strerror(-failed));
	json_object_set_new(
	        memory, "page_nodes", failed ? json_null() : page_nodes(pages));
	json_object_set_new(memory, "page_nodes_reason",
	        failed ? json_string(reason) : json_null());
	json_object_set_new(memory, "huge_bytes",
	        huge_kib < 0 ? json_null() : json_integer(huge_kib * 1024));
}

enum { MASK_BITS = RM_NODES_MAX, WORD_BITS = 8 * sizeof(unsigned long) };

struct node_mask {
	unsigned long words[MASK_BITS / WORD_BITS];
};

static int allowed_nodes(struct node_mask *mask)
{
	memset(mask, 0, sizeof(*mask));
	return syscall(SYS_get_mempolicy, NULL, mask->words, MASK_BITS, NULL,
	               MPOL_F_MEMS_ALLOWED)
	               ? -errno
	               : 0;
}

unsigned rm_memory_nodes(void)
{
	struct node_mask mask;
	unsigned n = 0;

	if (allowed_nodes(&mask))
		return 1;
	for (size_t i = 0; i < sizeof(mask.words) / sizeof(*mask.words); i++)
		n += (unsigned)__builtin_popcountl(mask.words[i]);
	return n;
}

/* Returns the node N of "bind:N", or ULONG_MAX if N is not a number. */
static unsigned long bound_node(const char *policy)
{
	const char *number = policy + 5;
	char *end;
	unsigned long node = strtoul(number, &end, 10);

	return isdigit((unsigned char)*number) && !*end ? node : ULONG_MAX;
}

/* Uses system calls directly, since a library for two calls would be another
   dependency. */
int rm_memory_policy_apply(const char *policy, struct rm_error *error)
{
	struct node_mask mask;
	int mode = MPOL_INTERLEAVE;
	int status;

	if (!strcmp(policy, "first-touch"))
		return 0;
	status = allowed_nodes(&mask);
	if (!status && !strncmp(policy, "bind:", 5)) {
		unsigned long node = bound_node(policy);
		unsigned long bit = 1UL << node % WORD_BITS;

		if (node >= MASK_BITS || !(mask.words[node / WORD_BITS] & bit))
			return rm_error_set(error, -EINVAL,
			        "memory placement not applied: this process "
			        "may not use the node of \"%s\"",
			        policy);
		memset(&mask, 0, sizeof(mask));
		mask.words[node / WORD_BITS] = bit;
		mode = MPOL_BIND;
	} else if (!status && strcmp(policy, "interleave")) {
		return rm_error_set(error, -EINVAL,
		        "unknown memory placement \"%s\": expected "
		        "first-touch, interleave or bind:N",
		        policy);
	}
	if (!status && syscall(SYS_set_mempolicy, mode, mask.words, MASK_BITS))
		status = -errno;
	if (status)
		return rm_error_set(error, status,
		        "memory = %s not applied: %s: allow get_mempolicy() "
		        "and set_mempolicy() (docker run --cap-add SYS_NICE), "
		        "or use --set memory=first-touch",
		        policy, strerror(-status));
	return 0;
}
