/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * likwid_worker_helper.c - the child of readmostly-likwid that calls liblikwid,
 * which may kill it at any time.
 *
 * It uses no struct of liblikwid, since the layout of structs differs between
 * releases. The file is long because it contains all code of this process.
 */
#include "runner/counters/likwid_helper.h"
#include "runner/counters/likwid_wire.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <math.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* LOAD_S: time limit for loading a library, in seconds. */
enum { SETS = 32, REQUIRED = 10, LOAD_S = 5 };

struct likwid {
	int (*topology_init)(void);
	void (*HPMmode)(int);
	int (*perfmon_init)(int, const int *);
	int (*perfmon_addEventSet)(const char *);
	int (*perfmon_setupCounters)(int);
	int (*perfmon_startCounters)(void);
	int (*perfmon_stopCounters)(void);
	double (*perfmon_getResult)(int, int, int);
	double (*perfmon_getLastResult)(int, int, int);
	void (*perfmon_finalize)(void);
	/* functions for performance groups */
	int (*perfmon_getNumberOfEvents)(int);
	char *(*perfmon_getEventName)(int, int);
	char *(*perfmon_getCounterName)(int, int);
	int (*perfmon_getNumberOfMetrics)(int);
	char *(*perfmon_getMetricName)(int, int);
	double (*perfmon_getLastMetric)(int, int, int);
	/* functions for regions of likwid-perfctr -m */
	void (*likwid_markerInit)(void);
	int (*likwid_markerStartRegion)(const char *);
	int (*likwid_markerStopRegion)(const char *);
	void (*likwid_markerClose)(void);
};

struct worker {
	struct likwid likwid;
	int socket;
	const char *library;
	enum rm_likwid_mode mode;
	bool loaded, ready, running, marking;
	char list[RM_WIRE_CPUS * 5]; /* CPUs of the last INIT */
	int cpus[RM_WIRE_CPUS];
	int n_cpus;
	cpu_set_t allowed; /* affinity mask at the start */
	char *set[SETS];   /* event strings; the index is the group number */
	int group[SETS];
	int n_sets, active, n_events, n_metrics;
	char answer[RM_WIRE_BYTES];
};

static void set_answer(struct worker *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static void set_answer(struct worker *w, const char *format, ...)
{
	va_list list;

	va_start(list, format);
	vsnprintf(w->answer, sizeof(w->answer), format, list);
	va_end(list);
}

static void *open_library(const char *requested)
{
	static const char *const names[] = { "liblikwid.so.5",
		"liblikwid.so.5.5", "liblikwid.so.5.4", "liblikwid.so.5.3",
		"liblikwid.so.5.2" };
	void *handle = NULL;

	if (requested)
		return dlopen(requested, RTLD_NOW | RTLD_LOCAL);
	for (size_t i = 0; !handle && i < sizeof(names) / sizeof(*names); i++)
		handle = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
	return handle;
}

static bool file_has(const char *path, const char *text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat s;
	void *bytes = MAP_FAILED;
	bool found = false;

	if (fd >= 0 && !fstat(fd, &s))
		bytes = mmap(
		        NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (bytes != MAP_FAILED) {
		found = memmem(bytes, (size_t)s.st_size, text, strlen(text));
		munmap(bytes, (size_t)s.st_size);
	}
	if (fd >= 0)
		close(fd);
	return found;
}

/* True if the library was built with ACCESSMODE=perf_event. Only such a build
   includes perfmon_perfevent.h, which contains this path (5.2 to 5.5). No
   function of liblikwid returns the mode. */
static bool is_perf_build(const char *library)
{
	void *handle = open_library(library);
	void *symbol = handle ? dlsym(handle, "perfmon_init") : NULL;
	Dl_info info;

	return symbol && dladdr(symbol, &info) && info.dli_fname &&
	       file_has(info.dli_fname, "/proc/sys/kernel/perf_event_paranoid");
}

bool rm_likwid_uses_perf(const char *library)
{
	pid_t child = fork();
	int status = 1;

	if (!child) {
		alarm(LOAD_S);
		dup2(open("/dev/null", O_WRONLY), 1);
		_exit(is_perf_build(library) ? 0 : 1);
	}
	return child > 0 && waitpid(child, &status, 0) == child && !status;
}

/* Loads the functions. Returns the name of a missing function, or NULL.
   Functions after index REQUIRED may be missing; commands that need them then
   fail. */
static const char *load_functions(void *handle, struct likwid *l)
{
	const struct {
		const char *name;
		void *at;
	} needed[] = {
#define FUNCTION(of) { #of, &l->of }
		FUNCTION(topology_init),
		FUNCTION(HPMmode),
		FUNCTION(perfmon_init),
		FUNCTION(perfmon_addEventSet),
		FUNCTION(perfmon_setupCounters),
		FUNCTION(perfmon_startCounters),
		FUNCTION(perfmon_stopCounters),
		FUNCTION(perfmon_getResult),
		FUNCTION(perfmon_getLastResult),
		FUNCTION(perfmon_finalize),
		FUNCTION(perfmon_getNumberOfEvents),
		FUNCTION(perfmon_getEventName),
		FUNCTION(perfmon_getCounterName),
		FUNCTION(perfmon_getNumberOfMetrics),
		FUNCTION(perfmon_getMetricName),
		FUNCTION(perfmon_getLastMetric),
		FUNCTION(likwid_markerInit),
		FUNCTION(likwid_markerStartRegion),
		FUNCTION(likwid_markerStopRegion),
		FUNCTION(likwid_markerClose),
#undef FUNCTION
	};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		void *symbol = dlsym(handle, needed[i].name);

		if (!symbol && i < REQUIRED)
			return needed[i].name;
		/* POSIX: dlsym() returns a function as a pointer to an
		   object */
		memcpy(needed[i].at, &symbol, sizeof(symbol));
	}
	return NULL;
}

static bool load_library(struct worker *w)
{
	void *handle = open_library(w->library);
	const char *missing =
	        handle ? load_functions(handle, &w->likwid) : NULL;

	if (!handle)
		set_answer(w, "ERR liblikwid is missing: %s", dlerror());
	else if (missing)
		set_answer(w, "ERR liblikwid lacks %s", missing);
	w->loaded = handle && !missing;
	return w->loaded;
}

static void free_sets(struct worker *w)
{
	for (int i = 0; i < w->n_sets; i++)
		free(w->set[i]);
	w->n_sets = 0;
	w->active = -1;
}

/* Parses a list of CPUs that a client sent. Returns the number of CPUs, or -1
   if the list is malformed or longer than `capacity`. */
static int read_cpus(const char *list, int *cpus, int capacity)
{
	/* liblikwid checks no bounds: a CPU number that is too high would
	   overwrite its heap. */
	long limit = sysconf(_SC_NPROCESSORS_CONF);
	int n = 0;

	do {
		char *end;
		long cpu = strtol(list, &end, 10);

		if (end == list || (*end && *end != ',') || cpu < 0 ||
		        cpu >= limit || n == capacity)
			return -1;
		cpus[n++] = (int)cpu;
		list = *end ? end + 1 : end;
	} while (*list);
	return n;
}

/* Moves this process to CPUs that are not measured, if it may use any. Events
   are counted per CPU, so this process would be counted, too. */
static void leave_measured_cpus(
        const cpu_set_t *allowed, const int *cpus, int n)
{
	cpu_set_t spare = *allowed;

	for (int i = 0; i < n; i++)
		CPU_CLR((size_t)cpus[i], &spare);
	sched_setaffinity(
	        0, sizeof(spare), CPU_COUNT(&spare) ? &spare : allowed);
}

static void init(struct worker *w, const char *list)
{
	struct likwid *l = &w->likwid;
	int code;

	if (w->running)
		l->perfmon_stopCounters(); /* counters of a trial that died */
	w->running = false;
	if (w->ready && !strcmp(list, w->list)) {
		set_answer(w, "OK");
		return;
	}
	w->n_cpus = read_cpus(list, w->cpus, RM_WIRE_CPUS);
	if (w->n_cpus < 1) {
		set_answer(
		        w, "ERR INIT %s: expected CPUs of this machine", list);
		return;
	}
	leave_measured_cpus(&w->allowed, w->cpus, w->n_cpus);
	if (!w->loaded) {
		if (!load_library(w))
			return;
		if ((code = l->topology_init())) {
			set_answer(w, "ERR topology_init=%d", code);
			return;
		}
		l->HPMmode(w->mode); /* topology_init() would overwrite an
		                        earlier call */
	}
	free_sets(w);
	if (w->ready)
		l->perfmon_finalize();
	w->ready = false;
	fflush(NULL); /* perfmon_init() forks children that call exit() */
	if ((code = l->perfmon_init(w->n_cpus, w->cpus))) {
		set_answer(w, "ERR perfmon_init=%d", code);
		return;
	}
	w->ready = true;
	snprintf(w->list, sizeof(w->list), "%s", list);
	set_answer(w, "OK");
}

/* Returns the group number of this event string; negative: error of
   liblikwid. */
static int find_group(struct worker *w, const char *set)
{
	for (int i = 0; i < w->n_sets; i++)
		if (!strcmp(w->set[i], set))
			return w->group[i];
	if (w->n_sets == SETS)
		return -1;
	int group = w->likwid.perfmon_addEventSet(set);
	if (group >= 0) {
		w->set[w->n_sets] = strdup(set);
		w->group[w->n_sets++] = group;
	}
	return group;
}

static bool set_up(struct worker *w, const char *set)
{
	int group = w->ready && !w->running ? find_group(w, set) : -1;
	int code = -1;

	if (!w->ready || w->running)
		set_answer(w, "ERR EVENTS before INIT, or while counting");
	else if (group < 0)
		set_answer(w, "ERR perfmon_addEventSet(%s)=%d", set, group);
	else if ((code = w->likwid.perfmon_setupCounters(group)))
		set_answer(w, "ERR perfmon_setupCounters=%d", code);
	else
		w->active = group;
	return !code;
}

/* Handles EVENTS. The number of commas determines the number of values of
   STOP. */
static void events(struct worker *w, const char *set)
{
	if (!set_up(w, set))
		return;
	w->n_metrics = 0;
	w->n_events = 1;
	for (const char *at = set; *at; at++)
		w->n_events += *at == ',';
	set_answer(w, "OK");
}

static void append(struct worker *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* Appends to the answer. An answer that does not fit becomes an error, since
   the client could not detect that values are missing. */
static void append(struct worker *w, const char *format, ...)
{
	size_t used = strlen(w->answer), left = sizeof(w->answer) - used;
	va_list list;

	va_start(list, format);
	int n = vsnprintf(w->answer + used, left, format, list);
	va_end(list);
	if ((size_t)n >= left || strncmp(w->answer, "OK", 2))
		set_answer(w, "ERR too many events x CPUs");
}

/* Handles GROUP. liblikwid reads a file of its own folder of groups, or of
   ~/.likwid/groups/CPU/. */
static void use_group(struct worker *w, const char *name)
{
	const struct likwid *l = &w->likwid;

	if (name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	                      "abcdefghijklmnopqrstuvwxyz0123456789_")]) {
		set_answer(w, "ERR group \"%s\": expected letters, digits, _",
		        name);
		return;
	}
	if (!l->perfmon_getLastMetric) {
		set_answer(w, "ERR this liblikwid has no performance groups");
		return;
	}
	if (!set_up(w, name))
		return;
	w->n_events = l->perfmon_getNumberOfEvents(w->active);
	w->n_metrics = l->perfmon_getNumberOfMetrics(w->active);
	set_answer(w, "OK ");
	for (int e = 0; e < w->n_events; e++)
		append(w, "E %s %s\n", l->perfmon_getEventName(w->active, e),
		        l->perfmon_getCounterName(w->active, e));
	for (int m = 0; m < w->n_metrics; m++)
		append(w, "M %s\n", l->perfmon_getMetricName(w->active, m));
}

/* Handles MARKER. liblikwid reads the events from variables that likwid-perfctr
   has set. */
static void begin_marker(struct worker *w, const char *list)
{
	w->n_cpus = read_cpus(list, w->cpus, RM_WIRE_CPUS);
	if (w->n_cpus < 1 || w->marking) {
		set_answer(w, "ERR MARKER %s: expected CPUs, once", list);
		return;
	}
	if (!load_library(w))
		return;
	if (!w->likwid.likwid_markerClose) {
		set_answer(w, "ERR this liblikwid has no regions");
		return;
	}
	w->likwid.likwid_markerInit();
	w->marking = true;
	set_answer(w, "OK");
}

/* Starts or stops the region on each CPU, since liblikwid counts the CPU on
   which its function is called. Then moves this process away from the measured
   CPUs. */
static void mark(struct worker *w, int (*call)(const char *))
{
	cpu_set_t one;
	int code = 0;

	for (int i = 0; i < w->n_cpus && !code; i++) {
		CPU_ZERO(&one);
		CPU_SET((size_t)w->cpus[i], &one);
		code = sched_setaffinity(0, sizeof(one), &one) ? -1
		                                               : call("window");
		if (code)
			set_answer(w,
			        "ERR no region on CPU %d: expected it in -C of "
			        "likwid-perfctr -m",
			        w->cpus[i]);
	}
	leave_measured_cpus(&w->allowed, w->cpus, w->n_cpus);
	if (!code)
		set_answer(w, "OK");
}

static void start(struct worker *w)
{
	if (w->marking) {
		mark(w, w->likwid.likwid_markerStartRegion);
		return;
	}
	int code = w->active < 0 || w->running
	                   ? -1
	                   : w->likwid.perfmon_startCounters();

	w->running = !code;
	if (code)
		set_answer(w, "ERR perfmon_startCounters=%d", code);
	else
		set_answer(w, "OK");
}

/* Returns the count of this interval. If liblikwid (5.2.2) rejected the event,
   its last result is 0. Only the running total, which is NAN, shows the
   error. */
static double read_value(const struct worker *w, int event, int cpu)
{
	const struct likwid *l = &w->likwid;

	if (isnan(l->perfmon_getResult(w->active, event, cpu)))
		return NAN;
	return l->perfmon_getLastResult(w->active, event, cpu);
}

/* Handles STOP. The format %.17g preserves every double. */
static void stop(struct worker *w)
{
	if (w->marking) {
		mark(w, w->likwid.likwid_markerStopRegion);
		w->likwid.likwid_markerClose(); /* writes the result */
		return;
	}
	int code = w->running ? w->likwid.perfmon_stopCounters() : -1;

	w->running = false;
	if (code) {
		set_answer(w, "ERR perfmon_stopCounters=%d", code);
		return;
	}
	set_answer(w, "OK");
	for (int e = 0; e < w->n_events; e++)
		for (int i = 0; i < w->n_cpus; i++)
			append(w, " %.17g", read_value(w, e, i));
	for (int m = 0; m < w->n_metrics; m++)
		for (int i = 0; i < w->n_cpus; i++)
			append(w, " %.17g",
			        w->likwid.perfmon_getLastMetric(
			                w->active, m, i));
}

static void run_command(struct worker *w, char *command)
{
	if (!strncmp(command, "INIT ", 5))
		init(w, command + 5);
	else if (!strncmp(command, "EVENTS ", 7))
		events(w, command + 7);
	else if (!strncmp(command, "GROUP ", 6))
		use_group(w, command + 6);
	else if (!strncmp(command, "MARKER ", 7))
		begin_marker(w, command + 7);
	else if (!strcmp(command, "START"))
		start(w);
	else if (!strcmp(command, "STOP"))
		stop(w);
	else
		set_answer(w,
		        "ERR %.40s: expected INIT, EVENTS, GROUP, MARKER, "
		        "START, STOP or QUIT",
		        command);
}

/* Clears the registers and exits. */
static _Noreturn void leave(struct worker *w)
{
	if (w->running)
		w->likwid.perfmon_stopCounters();
	if (w->ready)
		w->likwid.perfmon_finalize();
	_exit(0);
}

_Noreturn void rm_likwid_run_worker(
        int socket, const char *library, enum rm_likwid_mode mode)
{
	struct worker *w = calloc(1, sizeof(*w));
	char *command = malloc(RM_WIRE_BYTES + 1);

	if (!w || !command)
		_exit(9);
	w->socket = socket;
	w->library = library;
	w->mode = mode;
	w->active = -1;
	sched_getaffinity(0, sizeof(w->allowed), &w->allowed);
	for (;;) {
		ssize_t n = recv(socket, command, RM_WIRE_BYTES, 0);

		if (n <= 0)
			leave(w);
		command[n] = '\0';
		run_command(w, command);
		if (send(socket, w->answer, strlen(w->answer), MSG_NOSIGNAL) <
		        0)
			_exit(9);
	}
}
