/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/perf_group.h"
#include "runner/counters/pmu.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What read() of a group leader gives (PERF_FORMAT_GROUP and the rest). */
struct group_data {
	uint64_t size, enabled_ns, running_ns;
	struct {
		uint64_t value, id;
	} entry[RM_PERF_EVENTS];
};

struct rm_perf_group {
	const struct rm_perf_plan *plan;
	int leader;             /* -1 = nothing is open */
	int fd[RM_PERF_EVENTS]; /* -1 = this event could not be opened */
	uint64_t id[RM_PERF_EVENTS];
	uint64_t value[RM_PERF_EVENTS]; /* at the last read */
	uint64_t enabled_ns, running_ns;
	struct rm_reading reading[RM_PERF_EVENTS], empty[RM_PERF_EVENTS];
};

enum {
	FORMAT = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
	         PERF_FORMAT_TOTAL_TIME_ENABLED |
	         PERF_FORMAT_TOTAL_TIME_RUNNING,
};

static struct perf_event_attr attributes(const struct rm_perf_plan *plan,
        const struct rm_pmu_event *event, bool leader)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = event->type;
	attr.config = event->config;
	attr.disabled = leader; /* members follow their leader */
	attr.exclude_kernel = plan->user_only;
	attr.exclude_hv = plan->user_only;
	attr.read_format = FORMAT;
	return attr;
}

/*
 * The kernel refuses a member that does not fit with -EINVAL, as it does bad
 * attributes. What it opens alone, it refused for want of room.
 */
static bool opens_alone(
        const struct rm_perf_plan *plan, const struct rm_pmu_event *event)
{
	struct perf_event_attr attr = attributes(plan, event, true);
	int fd = plan->ops->open(plan->ops->context, &attr, -1);

	if (fd >= 0)
		plan->ops->close(plan->ops->context, fd);
	return fd >= 0;
}

static void explain(struct rm_perf_group *group, unsigned i,
        const struct rm_pmu_event *event, int code)
{
	char reason[120];

	if (code == -EINVAL && group->leader >= 0 &&
	        opens_alone(group->plan, event)) {
		group->reading[i] = rm_reading_invalid(
		        "no room in the group: this PMU has fewer counters; "
		        "count it in a pass of its own");
		return;
	}
	rm_pmu_reason(-code, reason, sizeof(reason));
	group->reading[i] = rm_reading_invalid("%s", reason);
}

static int open_event(struct rm_perf_group *group, unsigned i, int cpu)
{
	const struct rm_perf_plan *plan = group->plan;
	const struct rm_perf_ops *ops = plan->ops;
	struct rm_pmu_event event;
	struct rm_error error = { "" };
	int code = rm_pmu_resolve(plan->events[i].pmu, plan->events[i].config,
	        cpu, &event, &error);

	if (code) {
		group->reading[i] = rm_reading_invalid("%.150s", error.text);
		return code;
	}
	struct perf_event_attr attr =
	        attributes(plan, &event, group->leader < 0);
	int fd = ops->open(ops->context, &attr, group->leader);
	if (fd < 0) {
		explain(group, i, &event, fd);
		return fd;
	}
	code = ops->ioctl(ops->context, fd, PERF_EVENT_IOC_ID, &group->id[i]);
	if (code) {
		ops->close(ops->context, fd);
		group->reading[i] = rm_reading_invalid("the kernel gives no "
		                                       "id");
		return code;
	}
	group->fd[i] = fd;
	if (group->leader < 0)
		group->leader = fd;
	return 0;
}

/* A hardware event cannot join a group that a software event leads. */
static int open_some(struct rm_perf_group *group, int cpu, bool core)
{
	int first = 0;

	for (unsigned i = 0; i < group->plan->size; i++) {
		if (rm_pmu_is_core(group->plan->events[i].pmu) != core)
			continue;
		int code = open_event(group, i, cpu);
		if (!first)
			first = code;
	}
	return first;
}

int rm_perf_group_open(
        const struct rm_perf_plan *plan, int cpu, struct rm_perf_group **group)
{
	/* Lines of its own: workers write theirs in the window. */
	size_t size = (sizeof(struct rm_perf_group) + 127) / 128 * 128;
	struct rm_perf_group *made = aligned_alloc(128, size);

	*group = made;
	if (!made)
		return -ENOMEM;
	memset(made, 0, size);
	made->plan = plan;
	made->leader = -1;
	for (unsigned i = 0; i < RM_PERF_EVENTS; i++) {
		made->fd[i] = -1;
		made->empty[i] = rm_reading_invalid("no empty interval");
	}
	int core = open_some(made, cpu, true);
	int rest = open_some(made, cpu, false);
	for (unsigned i = 0; i < plan->size; i++)
		if (made->fd[i] >= 0)
			made->reading[i] =
			        rm_reading_invalid("nothing was counted yet");
	if (made->leader >= 0)
		return 0;
	return core ? core : rest;
}

static void spoil(struct rm_perf_group *group, const char *what, int code)
{
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			group->reading[i] = rm_reading_invalid(
			        "%s: %s", what, strerror(-code));
}

void rm_perf_group_enable(struct rm_perf_group *group)
{
	if (!group || group->leader < 0)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	/* A failure shows: then the clocks have not moved. */
	ops->ioctl(ops->context, group->leader, PERF_EVENT_IOC_ENABLE,
	        (void *)PERF_IOC_FLAG_GROUP);
}

static void take_entry(
        struct rm_perf_group *group, const struct group_data *data, unsigned i)
{
	for (uint64_t k = 0; k < data->size; k++) {
		if (data->entry[k].id != group->id[i])
			continue;
		group->reading[i] =
		        rm_reading_scale(data->entry[k].value - group->value[i],
		                data->enabled_ns - group->enabled_ns,
		                data->running_ns - group->running_ns);
		group->value[i] = data->entry[k].value;
		return;
	}
	group->reading[i] = rm_reading_invalid("missing in the group's data");
}

void rm_perf_group_disable(struct rm_perf_group *group)
{
	struct group_data data;

	if (!group || group->leader < 0)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	ops->ioctl(ops->context, group->leader, PERF_EVENT_IOC_DISABLE,
	        (void *)PERF_IOC_FLAG_GROUP);
	ssize_t n = ops->read(ops->context, group->leader, &data, sizeof(data));
	if (n < 0) {
		spoil(group, "read", (int)n);
		return;
	}
	if ((size_t)n < offsetof(struct group_data, entry) ||
	        data.size > RM_PERF_EVENTS ||
	        (size_t)n < offsetof(struct group_data, entry) +
	                            data.size * sizeof(data.entry[0])) {
		spoil(group, "read: too short", -EIO);
		return;
	}
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			take_entry(group, &data, i);
	group->enabled_ns = data.enabled_ns;
	group->running_ns = data.running_ns;
}

void rm_perf_group_keep_empty(struct rm_perf_group *group)
{
	memcpy(group->empty, group->reading, sizeof(group->empty));
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			group->reading[i] =
			        rm_reading_invalid("nothing was counted yet");
}

const struct rm_reading *rm_perf_group_readings(
        const struct rm_perf_group *group)
{
	return group->reading;
}

const struct rm_reading *rm_perf_group_empty(const struct rm_perf_group *group)
{
	return group->empty;
}

void rm_perf_group_close(struct rm_perf_group *group)
{
	if (!group)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	for (unsigned i = group->plan->size; i-- > 0;)
		if (group->fd[i] >= 0)
			ops->close(ops->context, group->fd[i]);
	free(group);
}
