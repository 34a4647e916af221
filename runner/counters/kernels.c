/* SPDX-License-Identifier: Apache-2.0 */
/* kernels.c - test loops with known counts: three pointer chases, and one cache
   line that two threads pass back and forth. */
#include "runner/base/clock.h"
#include "runner/base/host.h"
#include "runner/base/shuffle.h"
#include "runner/counters/prove.h"

#include <errno.h>
#include <hwloc.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Returns the address of line `i`. Its offset differs from page to page, so
   that the lines use all sets of a cache. */
static void **line_at(const struct rm_chase *chase, size_t i, size_t stride)
{
	size_t per_page = stride / RM_CHASE_LINE;
	char *at = chase->area;

	return (void **)(at + i * stride + i % per_page * RM_CHASE_LINE);
}

int rm_chase_make(struct rm_chase *chase, size_t lines, size_t stride)
{
	size_t *order = malloc(lines * sizeof(*order));
	uint64_t state = rm_seed(97, 0);

	chase->area_bytes = lines * stride;
	chase->area = mmap(NULL, chase->area_bytes, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (chase->area == MAP_FAILED)
		chase->area = NULL;
	if (!chase->area || !order) {
		free(order);
		rm_chase_free(chase);
		return -ENOMEM;
	}
	/* avoids huge pages, which would need no page walks; may fail */
	madvise(chase->area, chase->area_bytes, MADV_NOHUGEPAGE);
	for (size_t i = 0; i < lines; i++)
		order[i] = i;
	/* any order works, since each line links to the next in this order */
	rm_shuffle(order, lines, &state);
	for (size_t i = 0; i < lines; i++)
		*line_at(chase, order[i], stride) =
		        line_at(chase, order[(i + 1) % lines], stride);
	chase->start = line_at(chase, order[0], stride);
	chase->lines = lines;
	free(order);
	return 0;
}

void rm_chase_run(const struct rm_chase *chase, uint64_t steps)
{
	void **at = chase->start;

	while (steps--)
		at = *at;
	__asm__ volatile("" : : "r"(at)); /* prevents removal of the loop */
}

void rm_chase_free(struct rm_chase *chase)
{
	if (chase->area)
		munmap(chase->area, chase->area_bytes);
	chase->area = NULL;
	chase->lines = 0;
}

enum {
	PAGES = 16384,       /* more than the entries of any second-level TLB */
	CHASES = 1 << 20,    /* steps of a chase within a cache */
	HANDOVERS = 1 << 15, /* handovers, unless time runs out */
	SHARED_MS = 400,
};

/* The line that two threads pass back and forth. The end flag is on another
   line. */
struct shared {
	_Alignas(128) _Atomic uint64_t turn;
	_Alignas(128) _Atomic bool over;
	uint64_t until_ns;
};

struct run {
	enum rm_kernel kernel;
	const struct rm_kernel_place *place;
	struct rm_counters *session;
	pthread_barrier_t barrier;
	struct rm_chase chase; /* unused by SHARED */
	uint64_t steps;
	struct shared shared;
	_Atomic int attach_code; /* error of the last worker that failed */
};

struct worker {
	struct run *run;
	unsigned slot;
	pthread_t thread;
};

static const struct {
	const char *name, *text;
	unsigned threads;
} kernels[RM_KERNELS] = {
	[RM_KERNEL_HALF] = { "half", "chase through half the L1d", 1 },
	[RM_KERNEL_FOUR] = { "four", "chase through 4 x L1d", 1 },
	[RM_KERNEL_PAGES] = { "pages", "one line in each of many pages", 1 },
	[RM_KERNEL_SHARED] = { "shared", "two cores hand one line over", 2 },
};

const char *rm_kernel_name(enum rm_kernel kernel)
{
	return kernels[kernel].name;
}

const char *rm_kernel_text(enum rm_kernel kernel)
{
	return kernels[kernel].text;
}

/* True if the sysfs file of CPU `owner` lists `cpu`. */
static bool file_lists_cpu(unsigned cpu, const char *form, unsigned owner)
{
	char path[128], list[1024];

	snprintf(path, sizeof(path), form, owner);
	return rm_host_read(path, list, sizeof(list)) > 0 &&
	       rm_host_list_has(list, cpu);
}

static const char siblings[] =
        "/sys/devices/system/cpu/cpu%u/topology/thread_siblings_list";
static const char sharers[] =
        "/sys/devices/system/cpu/cpu%u/cache/index3/shared_cpu_list";

/* Stores the size of a cache if it is a level 1 data cache. */
static int read_data_cache(unsigned cpu, unsigned index, size_t *size_bytes)
{
	char path[128], text[32], unit = 0;
	const char *form = "/sys/devices/system/cpu/cpu%u/cache/index%u/%s";
	unsigned long size;
	long level;

	snprintf(path, sizeof(path), form, cpu, index, "level");
	int code = rm_host_read_long(path, &level);
	if (code)
		return code;
	snprintf(path, sizeof(path), form, cpu, index, "type");
	if (level != 1 || rm_host_read(path, text, sizeof(text)) < 0 ||
	        !strcmp(text, "Instruction"))
		return -EAGAIN;
	snprintf(path, sizeof(path), form, cpu, index, "size");
	if (rm_host_read(path, text, sizeof(text)) < 0 ||
	        sscanf(text, "%lu%c", &size, &unit) < 1 || !size)
		return -EAGAIN;
	*size_bytes = size << (unit == 'K' ? 10 : unit == 'M' ? 20 : 0);
	return 0;
}

/* Stores the size of the L1d. Uses sysconf() only without RM_SYSFS, which
   sysconf() ignores. Returns -ENOENT if the size is unknown. */
static int l1d_bytes(unsigned cpu, size_t *size_bytes)
{
	for (unsigned index = 0; index < 16; index++) {
		int code = read_data_cache(cpu, index, size_bytes);

		if (!code)
			return 0;
		if (code != -EAGAIN)
			break;
	}
	long size = rm_host_root()[0] ? 0 : sysconf(_SC_LEVEL1_DCACHE_SIZE);
	if (size <= 0)
		return -ENOENT;
	*size_bytes = (size_t)size;
	return 0;
}

/* Removes CPUs on which no trial is placed, unless the topology describes
   another machine. */
static void keep_usable(const struct rm_topology *topology, cpu_set_t *mask)
{
	cpu_set_t kept = *mask;

	if (!topology || !topology->this_machine)
		return;
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (!hwloc_bitmap_isset(topology->usable, cpu))
			CPU_CLR(cpu, &kept);
	if (CPU_COUNT(&kept))
		*mask = kept;
}

int rm_kernel_place(const struct rm_topology *topology,
        struct rm_kernel_place *place, struct rm_error *error)
{
	cpu_set_t mask;
	unsigned found = 0, best = 0;

	if (sched_getaffinity(0, sizeof(mask), &mask))
		return rm_error_set(error, -errno, "no CPU mask");
	keep_usable(topology, &mask);
	for (unsigned cpu = 0; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &mask))
			continue;
		if (!found++) {
			place->cpus[0] = cpu;
			continue;
		}
		/* an SMT sibling shares the L1d, so no line would move */
		if (file_lists_cpu(cpu, siblings, place->cpus[0]))
			continue;
		unsigned good =
		        1 + file_lists_cpu(cpu, sharers, place->cpus[0]);
		if (good > best) {
			best = good;
			place->cpus[1] = cpu;
		}
	}
	place->cores = best ? 2 : 1;
	int code = l1d_bytes(place->cpus[0], &place->l1d_bytes);
	if (code)
		rm_error_set(error, code,
		        "the size of the L1 data cache is not known");
	return code;
}

static int prepare_run(struct run *run)
{
	size_t l1d = run->place->l1d_bytes;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t lines = run->kernel == RM_KERNEL_HALF   ? l1d / 2 / RM_CHASE_LINE
	               : run->kernel == RM_KERNEL_FOUR ? 4 * l1d / RM_CHASE_LINE
	                                               : PAGES;

	if (run->kernel == RM_KERNEL_SHARED)
		return 0;
	bool pages = run->kernel == RM_KERNEL_PAGES;
	run->steps = pages ? 4 * PAGES : CHASES / lines * lines;
	return rm_chase_make(&run->chase, lines, pages ? page : RM_CHASE_LINE);
}

/* Waits for the thread's turn and passes the turn on. Ends after a time limit,
   even if the other thread never runs. */
static void hand_over(struct shared *shared, unsigned slot)
{
	for (unsigned round = 0; round < HANDOVERS / 2; round++) {
		unsigned spins = 0;

		/* acquire: pairs with the release below; the threads pass only
		   the turn */
		while (atomic_load_explicit(
		               &shared->turn, memory_order_acquire) %
		                2 !=
		        slot) {
			if (++spins % 256)
				continue;
			/* relaxed: a delay of a few spins is harmless */
			if (atomic_load_explicit(
			            &shared->over, memory_order_relaxed) ||
			        rm_now_ns() > shared->until_ns)
				goto out;
			rm_cpu_relax();
		}
		atomic_fetch_add_explicit(
		        &shared->turn, 1, memory_order_release);
	}
	return;
out:
	/* relaxed: a delay of a few spins is harmless */
	atomic_store_explicit(&shared->over, true, memory_order_relaxed);
}

static void bind(unsigned cpu)
{
	cpu_set_t mask;

	CPU_ZERO(&mask);
	CPU_SET(cpu, &mask);
	/* if this fails, the counts are wrong, and the verdicts show it */
	sched_setaffinity(0, sizeof(mask), &mask);
}

static void *run_worker(void *argument)
{
	struct worker *worker = argument;
	struct run *run = worker->run;

	bind(run->place->cpus[worker->slot]);
	int code = rm_counters_attach(run->session, worker->slot);
	if (code) /* relaxed: the main thread reads it after the join */
		atomic_store_explicit(
		        &run->attach_code, code, memory_order_relaxed);
	rm_chase_run(&run->chase, run->chase.lines); /* warm caches */
	pthread_barrier_wait(&run->barrier);         /* all have attached */
	pthread_barrier_wait(&run->barrier);         /* counters have started */
	rm_counters_enable(run->session, worker->slot);
	if (run->chase.lines)
		rm_chase_run(&run->chase, run->steps);
	else
		hand_over(&run->shared, worker->slot);
	rm_counters_disable(run->session, worker->slot);
	pthread_barrier_wait(&run->barrier); /* all workers are done */
	return NULL;
}

/* Runs the workers. The main thread also waits at the barrier: likwid starts
   when all workers have attached and warmed up, and stops before a worker may
   exit. Calls abort() if a worker cannot start, since the others would wait
   forever. */
static int run_team(struct run *run, unsigned threads)
{
	struct worker workers[2];
	unsigned started = 0;

	pthread_barrier_init(&run->barrier, NULL, threads + 1);
	for (; started < threads; started++) {
		workers[started] =
		        (struct worker){ .run = run, .slot = started };
		if (pthread_create(&workers[started].thread, NULL, run_worker,
		            &workers[started]))
			abort(); /* no memory for two threads */
	}
	pthread_barrier_wait(&run->barrier);
	int code = rm_counters_start(run->session);
	run->shared.until_ns = rm_now_ns() + SHARED_MS * 1000000ULL;
	pthread_barrier_wait(&run->barrier);
	pthread_barrier_wait(&run->barrier);
	int stopped = rm_counters_stop(run->session);
	for (unsigned i = 0; i < started; i++)
		pthread_join(workers[i].thread, NULL);
	pthread_barrier_destroy(&run->barrier);
	return code ? code : stopped;
}

int rm_kernel_count(enum rm_kernel kernel, const struct rm_kernel_place *place,
        const struct rm_session_request *session, json_t **result,
        uint64_t *steps, struct rm_error *error)
{
	struct run run = { .kernel = kernel, .place = place };
	struct rm_session_request request = *session;
	int code = prepare_run(&run);

	request.threads = kernels[kernel].threads;
	request.cpus = place->cpus;
	*result = NULL;
	if (code)
		return rm_error_set(error, code, "kernel %s: %s",
		        kernels[kernel].name, strerror(-code));
	code = rm_counters_open_request(&request, &run.session, error);
	if (!code) {
		run_team(&run, request.threads);
		*result = rm_counters_result(run.session);
		*steps = run.steps;
		if (kernel == RM_KERNEL_SHARED)
			/* relaxed: the threads are joined */
			*steps = atomic_load_explicit(
			        &run.shared.turn, memory_order_relaxed);
		rm_counters_close(run.session);
	}
	rm_chase_free(&run.chase);
	return code;
}
