/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - how much memory and how many threads this process may still use.
 *
 * The tightest limit applies: that of the machine, of the control groups
 * (version 1 and 2, this process's group and all above it), or a resource
 * limit. Files are read below rm_host_root(); /proc/meminfo is always the real
 * one.
 */
#ifndef RM_LIMITS_H
#define RM_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RM_LIMIT_SOURCE_BYTES = 512 };

struct rm_limit {
	uint64_t left;                      /* UINT64_MAX: no limit is known */
	char source[RM_LIMIT_SOURCE_BYTES]; /* "FILE = VALUE", or "" */
	bool is_address_space;              /* counts reservations, too */
};

struct rm_limits {
	struct rm_limit memory; /* bytes */
	struct rm_limit tasks;  /* processes and threads */
};

/* Reads all limits, in well below a millisecond. */
void rm_limits_read(struct rm_limits *limits);

/* Bytes that one trial may take: half of the remaining memory. The
   other half is for the runner, and for other programs that grow. UINT64_MAX:
   no limit. */
uint64_t rm_limits_trial_bytes(const struct rm_limits *limits);

/* Writes a clause that names the tightest `limit`, as advice after the kernel
   refused memory or threads. Returns `text`. */
#define RM_LIMIT_WORDS "the tightest limit is "
enum { RM_LIMIT_ADVICE_BYTES = RM_LIMIT_SOURCE_BYTES + 100 };
const char *rm_limit_advice(
        const struct rm_limit *limit, char text[RM_LIMIT_ADVICE_BYTES]);

/* Advice after pthread_create() failed with EPERM: glibc retries without
   clone3() only after ENOSYS. */
#define RM_THREAD_FORBIDDEN                                              \
	"a system call filter refuses clone3(): update the container's " \
	"runtime, or allow the call"

/* True if this process cannot map the 64 MiB that a trial or check may need. In
   that case a crash is not the fault of the map. Safe in a signal handler. */
bool rm_limits_lack_memory(void);

/* True if `ulimit -t` may have ended a process by this signal. */
bool rm_limits_cpu_time_ended(int signal);
#define RM_CPU_TIME_ADVICE \
	RM_LIMIT_WORDS "ulimit -t (CPU time): raise it, or use less"

/* Makes a crash end at once, without a core file. Safe after fork. */
void rm_limits_forbid_core(void);

/* How often the kernel killed a process for lack of memory, in this process's
   control group or else on this machine. False if no file contains the
   number. */
bool rm_limits_oom_kills(uint64_t *kills);

/* How long a CPU quota has stopped this process's control group, or a group
   above it. Calls before and after a trial also detect a quota that was set in
   between. False if no file contains the number. */
bool rm_limits_throttled_ns(uint64_t *ns);

/* Stores the inherited scheduling class, nice value and I/O class, for example
   "SCHED_OTHER, nice 0, I/O class none". Returns why measurements in this class
   have little value (static), or NULL. */
enum { RM_SCHEDULING_BYTES = 64 };
const char *rm_limits_scheduling(char text[RM_SCHEDULING_BYTES]);
#define RM_SCHEDULING_FIX "sudo chrt -o -p 0 $$; sudo renice -n 0 -p $$"

/*
 * The folder below /sys/fs/cgroup of this process's group: the group of a
 * version 1 controller, or of version 2 (controller ""). False if there is
 * none.
 */
bool rm_cgroup_folder(const char *controller, char *folder, size_t size);

/* True if files of this process's group, which may have limits of this
   controller, can be read. They are hidden if /sys/fs/cgroup is empty or
   belongs to another group. */
bool rm_cgroup_is_visible(const char *controller);

/* Shortens `folder` to the group above it; false at the controller's root. */
bool rm_cgroup_above(const char *controller, char *folder);

#endif /* RM_LIMITS_H */
