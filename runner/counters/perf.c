/* SPDX-License-Identifier: Apache-2.0 */
/*
 * perf.c - counts with perf_event_open: one group of events per worker thread.
 *
 * The PMU counts all events of a group, or none, so ratios of counts are
 * consistent. Values and clocks are differences of readings, because a reset
 * would affect the values but not the clocks.
 *
 * The file has three parts, each used by the next: the calls into the kernel,
 * the group of one thread, and the back end with a group per worker.
 */
#include "runner/counters/backend.h"
#include "runner/counters/events.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

static const struct rm_perf_ops kernel_ops = {
	.open = kernel_open,
	.read = kernel_read,
	.ioctl = kernel_ioctl,
	.close = kernel_close,
};

/* Maximum number of events in a request. They form one group. */
enum { EVENTS = 16 };

struct event {
	char metric[48], name[80], pmu[32];
	uint64_t config;
};

/* Events that every worker opens. It must outlive the groups. */
struct plan {
	const struct rm_perf_ops *ops;
	bool user_only;
	unsigned size;
	struct event events[EVENTS];
};

/* Data that read() of a group leader returns, with PERF_FORMAT_GROUP. */
struct group_data {
	uint64_t size, enabled_ns, running_ns;
	struct {
		uint64_t value, id;
	} entry[EVENTS];
};

struct group {
	const struct plan *plan;
	int leader;     /* -1: no event is open */
	int fd[EVENTS]; /* -1: the event could not be opened */
	uint64_t id[EVENTS];
	uint64_t value[EVENTS]; /* value at the last read */
	uint64_t enabled_ns, running_ns;
	struct rm_reading reading[EVENTS], empty[EVENTS];
};

enum {
	FORMAT = PERF_FORMAT_GROUP | PERF_FORMAT_ID |
	         PERF_FORMAT_TOTAL_TIME_ENABLED |
	         PERF_FORMAT_TOTAL_TIME_RUNNING,
};

static struct perf_event_attr attributes(
        const struct plan *plan, const struct rm_pmu_event *event, bool leader)
{
	struct perf_event_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.size = sizeof(attr);
	attr.type = event->type;
	attr.config = event->config;
	attr.disabled = leader; /* members start and stop with their leader */
	attr.exclude_kernel = plan->user_only;
	attr.exclude_hv = plan->user_only;
	attr.read_format = FORMAT;
	return attr;
}

/* True if the event can be opened alone, so that only its group is full. The
   kernel returns -EINVAL for a full group and for invalid attributes. */
static bool opens_alone(
        const struct plan *plan, const struct rm_pmu_event *event)
{
	struct perf_event_attr attr = attributes(plan, event, true);
	int fd = plan->ops->open(plan->ops->context, &attr, -1);

	if (fd >= 0)
		plan->ops->close(plan->ops->context, fd);
	return fd >= 0;
}

static void set_reason(struct group *group, unsigned i,
        const struct rm_pmu_event *event, int code)
{
	char reason[120];

	if (code == -EINVAL && group->leader >= 0 &&
	        opens_alone(group->plan, event)) {
		group->reading[i] = rm_reading_invalid(
		        "the group is full: this PMU has fewer counters; count "
		        "the event in another pass");
		return;
	}
	rm_pmu_reason(-code, reason, sizeof(reason));
	group->reading[i] = rm_reading_invalid("%s", reason);
}

/* Opens an event and stores its id. The data of a group omits events that could
   not be opened, so values are found by id, not by position. */
static int open_event(struct group *group, unsigned i, int cpu)
{
	const struct plan *plan = group->plan;
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
		set_reason(group, i, &event, fd);
		return fd;
	}
	code = ops->ioctl(ops->context, fd, PERF_EVENT_IOC_ID, &group->id[i]);
	if (code) {
		ops->close(ops->context, fd);
		group->reading[i] =
		        rm_reading_invalid("the kernel returned no id");
		return code;
	}
	group->fd[i] = fd;
	if (group->leader < 0)
		group->leader = fd;
	return 0;
}

/* Opens the events of one kind. Hardware events come first, since they cannot
   join a group whose leader is a software event. */
static int open_some(struct group *group, int cpu, bool core)
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

/*
 * Opens the plan's events for the calling thread, disabled, in one group.
 *
 * cpu      CPU to which the thread is bound; -1: not bound
 * group    out, even after an error (its readings contain the reasons); NULL
 *          only if memory runs out. Free with close_group().
 *
 * An event that cannot be opened becomes an invalid reading with the reason,
 * and the other events are still opened. Returns 0 if at least one event was
 * opened, otherwise the -errno of the first event. Call it on the thread that
 * is counted.
 */
static int open_group(const struct plan *plan, int cpu, struct group **group)
{
	/* workers write these in the window, so each gets its own cache
	   lines */
	size_t size = (sizeof(struct group) + 127) / 128 * 128;
	struct group *made = aligned_alloc(128, size);

	*group = made;
	if (!made)
		return -ENOMEM;
	memset(made, 0, size);
	made->plan = plan;
	made->leader = -1;
	for (unsigned i = 0; i < EVENTS; i++) {
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

static void invalidate_readings(struct group *group, const char *what, int code)
{
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			group->reading[i] = rm_reading_invalid(
			        "%s: %s", what, strerror(-code));
}

/* Starts counting, on the group's thread. Makes one system call and allocates
   nothing, because the loop's clock starts directly after it. `group` is NULL
   if the worker did not attach. */
static void enable_group(struct group *group)
{
	if (!group || group->leader < 0)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	/* a failure is detected later, since the clocks then do not advance */
	ops->ioctl(ops->context, group->leader, PERF_EVENT_IOC_ENABLE,
	        (void *)PERF_IOC_FLAG_GROUP);
}

static void read_entry(
        struct group *group, const struct group_data *data, unsigned i)
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

/* Stops counting. Makes two system calls and allocates nothing. Counters and
   clocks are never reset, so a reading is the difference from the previous
   one. */
static void disable_group(struct group *group)
{
	struct group_data data;

	if (!group || group->leader < 0)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	ops->ioctl(ops->context, group->leader, PERF_EVENT_IOC_DISABLE,
	        (void *)PERF_IOC_FLAG_GROUP);
	ssize_t n = ops->read(ops->context, group->leader, &data, sizeof(data));
	if (n < 0) {
		invalidate_readings(group, "read", (int)n);
		return;
	}
	if ((size_t)n < offsetof(struct group_data, entry) ||
	        data.size > EVENTS ||
	        (size_t)n < offsetof(struct group_data, entry) +
	                            data.size * sizeof(data.entry[0])) {
		invalidate_readings(group, "read: too short", -EIO);
		return;
	}
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			read_entry(group, &data, i);
	group->enabled_ns = data.enabled_ns;
	group->running_ns = data.running_ns;
}

/* Stores the last interval as the empty interval. */
static void store_empty(struct group *group)
{
	memcpy(group->empty, group->reading, sizeof(group->empty));
	for (unsigned i = 0; i < group->plan->size; i++)
		if (group->fd[i] >= 0)
			group->reading[i] =
			        rm_reading_invalid("nothing was counted yet");
}

static void close_group(struct group *group)
{
	if (!group)
		return;
	const struct rm_perf_ops *ops = group->plan->ops;
	for (unsigned i = group->plan->size; i-- > 0;)
		if (group->fd[i] >= 0)
			ops->close(ops->context, group->fd[i]);
	free(group);
}

struct perf {
	struct plan plan;
	struct group **groups; /* one per worker; NULL: not attached */
	unsigned *cpus;        /* NULL: threads are not bound */
	unsigned threads;
	char cpu[32];
};

/* Reads an event. Its code is a number or a string of hex digits, because a raw
   code may use 64 bits, but an integer of jansson has 63. */
static int read_event(struct plan *plan, const json_t *entry, size_t i,
        struct rm_error *error)
{
	struct event *event = &plan->events[i];
	const json_t *config = json_object_get(entry, "config");
	const char *hex = json_string_value(config);
	const char *metric = rm_request_text(entry, i, "metric", error);
	const char *name = rm_request_text(entry, i, "event", error);
	const char *pmu = rm_request_text(entry, i, "pmu", error);
	char *end = NULL;

	if (!metric || !name || !pmu)
		return -EINVAL;
	errno = 0;
	event->config = hex ? strtoull(hex, &end, 16)
	                    : (uint64_t)json_integer_value(config);
	if ((hex && (strncmp(hex, "0x", 2) || end == hex + 2 || *end ||
	                    errno)) ||
	        (!hex && !json_is_integer(config)))
		return rm_error_set(error, -EINVAL,
		        "counters: events[%zu] has no config, expected a "
		        "number or \"0x...\"",
		        i);
	snprintf(event->metric, sizeof(event->metric), "%s", metric);
	snprintf(event->name, sizeof(event->name), "%s", name);
	snprintf(event->pmu, sizeof(event->pmu), "%s", pmu);
	return 0;
}

/* Reads the events. Counts only user mode unless the request sets another mode,
   since the kernel's default, kernel.perf_event_paranoid = 2, permits only
   that. */
static int read_events(
        struct plan *plan, const json_t *request, struct rm_error *error)
{
	const json_t *events = json_object_get(request, "events");
	const json_t *user = json_object_get(request, "user_only");
	size_t n = json_array_size(events);

	if (!n || n > EVENTS)
		return rm_error_set(error, -EINVAL,
		        "counters: %zu events, expected 1 to %d", n, EVENTS);
	plan->user_only = user ? json_is_true(user) : true;
	plan->size = (unsigned)n;
	for (size_t i = 0; i < n; i++) {
		const json_t *entry = json_array_get(events, i);
		int code = read_event(plan, entry, i, error);

		if (code)
			return code;
	}
	return 0;
}

/* Opens and closes the group on this thread, to detect at once that it cannot
   work. */
static int try_group(const struct perf *perf, struct rm_error *error)
{
	struct group *group = NULL;
	int cpu = perf->cpus ? (int)perf->cpus[0] : -1;
	int code = open_group(&perf->plan, cpu, &group);

	if (code && group) {
		rm_error_set(error, code, "perf: %s: %s",
		        perf->plan.events[0].metric, group->reading[0].reason);
	} else if (code) {
		rm_error_set(error, code, "perf: out of memory");
	}
	close_group(group);
	return code;
}

static void close_perf(void *state)
{
	struct perf *perf = state;

	for (unsigned i = 0; perf->groups && i < perf->threads; i++)
		close_group(perf->groups[i]);
	free(perf->groups);
	free(perf->cpus);
	free(perf);
}

/* Opens the back end. Uses the CPU of the first worker for all workers, since
   placement never mixes kinds of CPU (runner/machine/topology.c). */
static int open_perf(const struct rm_session_request *request, void **state,
        struct rm_error *error)
{
	struct perf *perf = calloc(1, sizeof(*perf));
	struct rm_arch arch = { .name = "unknown" };
	int code = -ENOMEM;

	if (!perf)
		return rm_error_set(error, -ENOMEM, "out of memory");
	perf->threads = request->threads;
	perf->plan.ops = request->perf_ops ? request->perf_ops : &kernel_ops;
	perf->groups = calloc(request->threads, sizeof(*perf->groups));
	if (request->cpus)
		perf->cpus = calloc(request->threads, sizeof(*perf->cpus));
	if (!perf->groups || (request->cpus && !perf->cpus)) {
		rm_error_set(error, -ENOMEM, "out of memory");
		goto out;
	}
	if (request->cpus)
		memcpy(perf->cpus, request->cpus,
		        request->threads * sizeof(*perf->cpus));
	rm_arch_detect(perf->cpus ? perf->cpus[0] : 0, &arch, NULL);
	snprintf(perf->cpu, sizeof(perf->cpu), "%s", arch.name);
	code = read_events(&perf->plan, request->request, error);
	if (!code)
		code = try_group(perf, error);
out:
	if (code) {
		close_perf(perf);
		return code;
	}
	*state = perf;
	return 0;
}

static int attach_perf(void *state, unsigned slot)
{
	struct perf *perf = state;
	int cpu = perf->cpus ? (int)perf->cpus[slot] : -1;
	int code = open_group(&perf->plan, cpu, &perf->groups[slot]);

	if (code)
		return code;
	/* measured twice, since the caches are cold in the first interval */
	for (int i = 0; i < 2; i++) {
		enable_group(perf->groups[slot]);
		disable_group(perf->groups[slot]);
	}
	store_empty(perf->groups[slot]);
	return 0;
}

static void enable_perf(void *state, unsigned slot)
{
	struct perf *perf = state;

	enable_group(perf->groups[slot]);
}

static void disable_perf(void *state, unsigned slot)
{
	struct perf *perf = state;

	disable_group(perf->groups[slot]);
}

static bool has_value(const struct rm_reading *reading)
{
	return reading->quality < RM_QUALITY_NEVER_SCHEDULED;
}

/* True if the PMU does not count. Even an event that counted correctly before
   may stay at 0 on another virtual CPU, or after the virtual machine was
   moved. */
static bool is_stuck(const struct group *group)
{
	for (unsigned i = 0; i < group->plan->size; i++)
		if (has_value(&group->reading[i]) && !group->reading[i].raw &&
		        rm_metric_is_never_zero(group->plan->events[i].metric))
			return true;
	return false;
}

/* Returns the count of the window. It is invalid if the PMU does not count. */
static struct rm_reading window_reading(const struct group *group, unsigned i)
{
	const struct rm_reading *reading = &group->reading[i];

	return has_value(reading) &&
	                       rm_pmu_is_core(group->plan->events[i].pmu) &&
	                       is_stuck(group)
	               ? rm_reading_stuck_at_zero()
	               : *reading;
}

static void collect_readings(const struct perf *perf, unsigned i, bool empty,
        struct rm_reading *readings)
{
	for (unsigned slot = 0; slot < perf->threads; slot++) {
		const struct group *group = perf->groups[slot];

		if (!group)
			readings[slot] = rm_reading_invalid(
			        "worker %u did not attach", slot);
		else
			readings[slot] = empty ? group->empty[i]
			                       : window_reading(group, i);
	}
}

/* Adds the result. If a worker did not attach, its group is NULL and its
   reading has a reason, so that totals are null rather than too low. */
static void result_perf(const void *state, json_t *result)
{
	const struct perf *perf = state;
	json_t *events = json_object_get(result, "events");
	json_t *empty = json_object_get(result, "empty");
	struct rm_reading *readings = calloc(perf->threads, sizeof(*readings));

	json_object_set_new(result, "cpu", json_string(perf->cpu));
	json_object_set_new(result, "scope",
	        json_string(
	                perf->plan.user_only ? "thread, user mode" : "thread"));
	json_object_set_new(
	        result, "background_threads", json_string("not counted"));
	for (unsigned i = 0; readings && i < perf->plan.size; i++) {
		const struct event *event = &perf->plan.events[i];
		char code[64];
		struct rm_event_name name = { event->metric, event->name,
			code };

		snprintf(code, sizeof(code), "%s 0x%llx", event->pmu,
		        (unsigned long long)event->config);
		collect_readings(perf, i, false, readings);
		json_array_append_new(events,
		        rm_reading_event(&name, readings, perf->threads, true));
		collect_readings(perf, i, true, readings);
		json_array_append_new(empty,
		        json_pack("{s:s, s:o}", "metric", event->metric,
		                "total",
		                rm_reading_total(readings, perf->threads)));
	}
	free(readings);
}

const struct rm_backend rm_backend_perf = {
	.name = "perf",
	.open = open_perf,
	.attach = attach_perf,
	.enable = enable_perf,
	.disable = disable_perf,
	.result = result_perf,
	.close = close_perf,
};
