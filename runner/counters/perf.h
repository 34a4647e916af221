/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.h - the kernel's perf calls as a table, so that a test can play them.
 *
 * The back end itself is rm_backend_perf (backend.h).
 */
#ifndef RM_PERF_H
#define RM_PERF_H

#include <linux/perf_event.h>
#include <stddef.h>
#include <sys/types.h>

/* Each returns like the system call, -errno instead of -1 and errno. */
struct rm_perf_ops {
	int (*open)(void *context, struct perf_event_attr *attr, int group);
	ssize_t (*read)(void *context, int fd, void *buffer, size_t size);
	int (*ioctl)(void *context, int fd, unsigned long request, void *arg);
	int (*close)(void *context, int fd);
	void *context;
};

/* perf_event_open for the calling thread on any CPU, read, ioctl, close. */
extern const struct rm_perf_ops rm_perf_kernel;

#endif /* RM_PERF_H */
