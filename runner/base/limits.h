/* SPDX-License-Identifier: Apache-2.0 */
/*
 * limits.h - how much memory and how many threads this process may still use.
 *
 * The tightest of these limits applies: memory of the machine, limits of the
 * control groups (version 1 and 2, this process's group and all groups above
 * it), and resource limits. Files are read below rm_host_root(), but
 * /proc/meminfo is always the real file.
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
	bool is_address_space;              /* counts reserved memory, too */
};

struct rm_limits {
	struct rm_limit memory; /* bytes */
	struct rm_limit tasks;  /* processes and threads */
};

/* Reads all limits. Takes well below a millisecond. */
void rm_limits_read(struct rm_limits *limits);

/* Returns how many bytes one trial may use: half of the remaining memory. The
   other half is for the runner and for other programs that grow. UINT64_MAX: no
   limit. */
uint64_t rm_limits_trial_bytes(const struct rm_limits *limits);

/* Writes a clause that names the tightest `limit`, for a message after the
   kernel refused memory or threads. Returns `text`. */
#define RM_LIMIT_WORDS "the tightest limit is "
enum { RM_LIMIT_ADVICE_BYTES = RM_LIMIT_SOURCE_BYTES + 100 };
const char *rm_limit_advice(
        const struct rm_limit *limit, char text[RM_LIMIT_ADVICE_BYTES]);

/* Advice if pthread_create() fails with EPERM. glibc uses clone() instead of
   clone3() only after ENOSYS. */
#define RM_THREAD_FORBIDDEN                                              \
	"a system call filter refuses clone3(): update the container's " \
	"runtime, or allow the call"

/* True if this process cannot map the 64 MiB that a trial or check may need.
   The map is then not the cause of a crash. Safe in a signal handler. */
bool rm_limits_lack_memory(void);

/* True if `ulimit -t` may have sent this signal. */
bool rm_limits_cpu_time_ended(int signal);
#define RM_CPU_TIME_ADVICE \
	RM_LIMIT_WORDS "ulimit -t (CPU time): raise it, or use less"

/* Limits core files, so that a crash ends the process at once. Safe after
   fork(). */
void rm_limits_forbid_core(void);

/* Stores how often the kernel killed a process because memory ran out: in this
   process's control group, or on this machine if the group has no count. False
   if no file contains the number. */
bool rm_limits_oom_kills(uint64_t *kills);

/* Stores how long a CPU quota has stopped this process's control group, or a
   group above it. Compare the values before and after a trial to detect a
   quota. False if no file contains the number. */
bool rm_limits_throttled_ns(uint64_t *ns);

/* Stores the inherited scheduling class, nice value and I/O class, for example
   "SCHED_OTHER, nice 0, I/O class none". Returns a static string with the
   reason if measurements in this class have little value, otherwise NULL. */
enum { RM_SCHEDULING_BYTES = 64 };
const char *rm_limits_scheduling(char text[RM_SCHEDULING_BYTES]);
#define RM_SCHEDULING_FIX "sudo chrt -o -p 0 $$; sudo renice -n 0 -p $$"

/*
 * Stores the folder of this process's control group below /sys/fs/cgroup.
 * `controller` is a controller of version 1, or "" for version 2. False if
 * there is no such group.
 */
bool rm_cgroup_folder(const char *controller, char *folder, size_t size);

/* True if the limit files of this process's group can be read. They are hidden
   if /sys/fs/cgroup is empty or belongs to another group. */
bool rm_cgroup_is_visible(const char *controller);

/* Changes `folder` to its parent group; false at the controller's root. */
bool rm_cgroup_above(const char *controller, char *folder);

#endif /* RM_LIMITS_H */
