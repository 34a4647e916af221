/* SPDX-License-Identifier: Apache-2.0 */
/* fake_perf.h - simulates perf_event_open, with all its errors, from a
   table. */
#ifndef RM_FAKE_PERF_H
#define RM_FAKE_PERF_H

#include "runner/counters/backend.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { FAKE_FDS = 512, FAKE_FIRST = 1000 };

struct fake_event {
	struct perf_event_attr attr;
	int group; /* descriptor of the leader */
	bool open;
	uint64_t value;
	unsigned enables; /* number of enables of a leader */
	uint64_t enabled, running;
};

struct fake_perf {
	pthread_mutex_t lock;
	struct fake_event event[FAKE_FDS];
	int opened; /* number of descriptors opened so far */
	int alive;  /* number of descriptors that are open */
	/* The simulated behaviour; 0 means off. */
	int error_all;       /* error of every open */
	int error_at, error; /* the call with this number (from 1) to open an
	                        event fails */
	int error_read;      /* -errno that reads return */
	bool short_read;
	bool old_arm; /* like Arm before Linux 6.6: no PMU in the upper half */
	unsigned group_limit; /* EINVAL for larger groups */
	unsigned percent;     /* running / enabled; 100 = exact */
	/* Returns the value that interval number `n` (from 1) of a group
	   adds. */
	uint64_t (*amount)(struct fake_perf *fake,
	        const struct perf_event_attr *attr, unsigned n);
	unsigned windows; /* for amount() */
};

static inline struct fake_event *fake_at(struct fake_perf *fake, int fd)
{
	return &fake->event[fd - FAKE_FIRST];
}

static inline unsigned fake_members(struct fake_perf *fake, int leader)
{
	unsigned n = 0;

	for (int i = 0; i < fake->opened; i++)
		n += fake->event[i].open && fake->event[i].group == leader;
	return n;
}

/* Like perf_init_event() of Linux 5.15, for a PMU without
   PERF_PMU_CAP_EXTENDED_HW_TYPE. */
static inline bool fake_names_pmu(const struct perf_event_attr *attr)
{
	return (attr->type == PERF_TYPE_HARDWARE ||
	               attr->type == PERF_TYPE_HW_CACHE) &&
	       attr->config >> 32;
}

static inline int fake_open_error(
        struct fake_perf *fake, const struct perf_event_attr *attr, int group)
{
	if (fake->old_arm && fake_names_pmu(attr))
		return -ENOENT;

	if (fake->error_all)
		return fake->error_all;
	if (fake->error_at && fake->opened + 1 == fake->error_at)
		return fake->error;
	if (fake->group_limit && group >= 0 &&
	        fake_members(fake, group) >= fake->group_limit)
		return -EINVAL;
	return 0;
}

static inline int fake_open(
        void *context, struct perf_event_attr *attr, int group)
{
	struct fake_perf *fake = context;

	pthread_mutex_lock(&fake->lock);
	int code = fake_open_error(fake, attr, group);
	int fd = FAKE_FIRST + fake->opened;

	if (fake->opened == FAKE_FDS)
		abort();
	fake->event[fake->opened++] = (struct fake_event){
		.attr = *attr, .group = group < 0 ? fd : group, .open = !code
	};
	fake->alive += !code;
	pthread_mutex_unlock(&fake->lock);
	return code ? code : fd;
}

static inline ssize_t fake_read(
        void *context, int fd, void *buffer, size_t size)
{
	struct fake_perf *fake = context;
	uint64_t out[3 + 2 * 64] = { 0 };

	pthread_mutex_lock(&fake->lock);
	struct fake_event *leader = fake_at(fake, fd);
	out[1] = leader->enabled;
	out[2] = leader->running;
	for (int i = 0; i < fake->opened; i++) {
		if (!fake->event[i].open || fake->event[i].group != fd)
			continue;
		out[3 + 2 * out[0]] = fake->event[i].value;
		out[4 + 2 * out[0]] = 7000 + (uint64_t)i;
		out[0]++;
	}
	size_t bytes = (3 + 2 * out[0]) * sizeof(out[0]);
	pthread_mutex_unlock(&fake->lock);
	if (fake->error_read)
		return fake->error_read;
	if (bytes > size)
		return -ENOSPC;
	memcpy(buffer, out, bytes);
	return fake->short_read ? 20 : (ssize_t)bytes;
}

static inline void fake_count(struct fake_perf *fake, int leader)
{
	unsigned n = fake_at(fake, leader)->enables;

	for (int i = 0; i < fake->opened; i++) {
		struct fake_event *event = &fake->event[i];

		if (event->open && event->group == leader)
			event->value += fake->amount(fake, &event->attr, n) *
			                fake->percent / 100;
	}
	fake_at(fake, leader)->enabled += 1000000;
	fake_at(fake, leader)->running += 10000 * fake->percent;
}

static inline int fake_ioctl(
        void *context, int fd, unsigned long request, void *arg)
{
	struct fake_perf *fake = context;

	pthread_mutex_lock(&fake->lock);
	if (request == PERF_EVENT_IOC_ID)
		*(uint64_t *)arg = 7000 + (uint64_t)(fd - FAKE_FIRST);
	else if (request == PERF_EVENT_IOC_ENABLE)
		fake_at(fake, fd)->enables++;
	else if (request == PERF_EVENT_IOC_DISABLE)
		fake_count(fake, fd);
	else
		abort();
	pthread_mutex_unlock(&fake->lock);
	return 0;
}

static inline int fake_close(void *context, int fd)
{
	struct fake_perf *fake = context;

	pthread_mutex_lock(&fake->lock);
	if (!fake_at(fake, fd)->open)
		abort(); /* the descriptor was closed twice */
	fake_at(fake, fd)->open = false;
	fake->alive--;
	pthread_mutex_unlock(&fake->lock);
	return 0;
}

/* Makes a fake with exact counts, to which intervals add amount(). */
static inline struct rm_perf_ops fake_perf_make(struct fake_perf *fake,
        uint64_t (*amount)(
                struct fake_perf *, const struct perf_event_attr *, unsigned))
{
	memset(fake, 0, sizeof(*fake));
	pthread_mutex_init(&fake->lock, NULL);
	fake->percent = 100;
	fake->amount = amount;
	return (struct rm_perf_ops){ fake_open, fake_read, fake_ioctl,
		fake_close, fake };
}

#endif /* RM_FAKE_PERF_H */
