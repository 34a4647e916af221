/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/perf.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static int kernel_open(void *context, struct perf_event_attr *attr, int group)
{
	(void)context;
	long fd = syscall(SYS_perf_event_open, attr, 0 /* this thread */,
	        -1 /* any CPU */, group, PERF_FLAG_FD_CLOEXEC);

	return fd < 0 ? -errno : (int)fd;
}

static ssize_t kernel_read(void *context, int fd, void *buffer, size_t size)
{
	(void)context;
	ssize_t n = read(fd, buffer, size);

	return n < 0 ? -errno : n;
}

static int kernel_ioctl(void *context, int fd, unsigned long request, void *arg)
{
	(void)context;
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
}

static int kernel_close(void *context, int fd)
{
	(void)context;
	return close(fd) < 0 ? -errno : 0;
}

const struct rm_perf_ops rm_perf_kernel = {
	.open = kernel_open,
	.read = kernel_read,
	.ioctl = kernel_ioctl,
	.close = kernel_close,
};
