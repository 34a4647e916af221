/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_timeline.c - events at simulated times as a Chrome trace, compared line
 * by line. linked with the stats objects.
 */
#include "runner/trial/events.h"
#include "runner/trial/internal.h"
#include "tests/unit/tap.h"
#include "tests/unit/trial/played_clock.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t first_ns = UINT64_C(5000000000);
static const struct rm_cell cell = { .id = "cell 1", .map = "some_map" };
static char grown, lost, left; /* three maps; only their addresses are used */

/* Sets the clock to `ns` after the first event. */
static void at(uint64_t ns)
{
	atomic_store(&played_ns, first_ns + ns);
}

static void span(
        enum rm_event event, uint64_t from, uint64_t to, uint64_t argument)
{
	at(to);
	rm_event_span(event, first_ns + from, argument);
}

/* Returns the document, or NULL if it is not JSON. */
static json_t *timeline(void)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);
	int code = rm_timeline_write(out, &cell);
	json_t *document;

	fclose(out);
	document = code ? NULL : json_loadb(text, size, 0, NULL);
	free(text);
	return document;
}

/* Prints one event as a line: phase, tid, microseconds, name, category, name of
   the state's object, arguments. */
static void describe(const json_t *event, char *line, size_t size)
{
	const char *category = json_string_value(json_object_get(event, "cat"));
	const char *id = json_string_value(json_object_get(event, "id"));
	char *args = json_dumps(json_object_get(event, "args"), JSON_COMPACT);
	const char *state = "";

	if (id) {
		uintptr_t object = (uintptr_t)strtoull(id, NULL, 16);

		state = object == (uintptr_t)&grown  ? " grown"
		        : object == (uintptr_t)&left ? " left"
		                                     : " lost";
	}
	snprintf(line, size, "%s %d %.3f %s %s%s%s%s",
	        json_string_value(json_object_get(event, "ph")),
	        (int)json_integer_value(json_object_get(event, "tid")),
	        json_number_value(json_object_get(event, "ts")),
	        json_string_value(json_object_get(event, "name")),
	        category ? category : "-", state, args ? " " : "",
	        args ? args : "");
	free(args);
}

static bool matches(const json_t *document, const char *const *expected)
{
	const json_t *events = json_object_get(document, "traceEvents");
	bool same = true;
	char line[200];
	json_t *event;
	size_t i;

	json_array_foreach (events, i, event) {
		describe(event, line, sizeof(line));
		if (expected[i] && !strcmp(line, expected[i]))
			continue;
		printf("# %s\n", line);
		same = false;
		if (!expected[i])
			break;
	}
	return same && events && !expected[i];
}

static void nothing_happened(void)
{
	static const char *const names[] = {
		"M 1 0.000 process_name - {\"name\":\"some_map\"}", NULL
	};
	json_t *document = timeline();

	CHECK(matches(document, names),
	        "without events the process has only its name");
	json_decref(document);
}

static void *third(void *unused)
{
	rm_events_set_lane(3);
	span(RM_EVENT_CLONE, 2000, 2500, 12);
	/* starts when the previous span ends, so it is not nested */
	span(RM_EVENT_CLONE, 2500, 2600, 13);
	/* two spans end together; the outer one started earlier */
	span(RM_EVENT_RECLAIM, 3500, 4000, 5);
	span(RM_EVENT_PROMOTE, 3000, 4000, 6);
	at(7000);
	rm_event_close(RM_EVENT_GROWTH, &grown);
	return unused;
}

/* Runs a thread to its end. */
static void in_a_thread(void *(*run)(void *))
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, run, NULL))
		abort();
	pthread_join(thread, NULL);
}

/* An inner span ends, and is recorded, before the outer one. */
static void happen(void)
{
	rm_events_set_lane(RM_EVENT_MAIN);
	span(RM_EVENT_RESIZE, 1000, 5000, 64);
	at(6000);
	rm_event_open(RM_EVENT_GROWTH, &grown, 9);
	in_a_thread(third);
	at(8000);
	rm_event_close(RM_EVENT_GROWTH, &lost);
	at(9000);
	rm_event_open(RM_EVENT_GROWTH, &left, 4);
	span(RM_EVENT_PHASE, 0, 10001, RM_PHASE_WINDOW);
}

static void all_is_told(void)
{
	static const char *const expected[] = {
		"M 1 0.000 process_name - {\"name\":\"some_map\"}",
		"M 1 0.000 thread_name - {\"name\":\"main\"}",
		"M 5 0.000 thread_name - {\"name\":\"thread 3\"}",
		"B 1 0.000 window phase {\"phase\":5}",
		"B 1 1.000 resize map {\"slots\":64}",
		"E 1 5.000 resize map",
		"b 1 6.000 growth map grown {\"log2_buckets\":9}",
		"b 1 9.000 growth map left {\"log2_buckets\":4}",
		"E 1 10.001 window phase",
		"B 5 2.000 clone map {\"entries\":12}",
		"E 5 2.500 clone map",
		"B 5 2.500 clone map {\"entries\":13}",
		"E 5 2.600 clone map",
		"B 5 3.000 promote map {\"entries\":6}",
		"B 5 3.500 reclaim map {\"objects\":5}",
		"E 5 4.000 reclaim map",
		"E 5 4.000 promote map",
		"e 5 7.000 growth map grown",
		"e 1 10.001 growth map left",
		NULL,
	};
	json_t *document = timeline();
	const json_t *about = json_object_get(document, "otherData");
	const char *id = json_string_value(json_object_get(about, "cell"));

	CHECK(matches(document, expected),
	        "spans nest, states have two ends, an end without beginning is "
	        "omitted, and a missing end is the end of the trace");
	CHECK(id && !strcmp(id, "cell 1") &&
	                json_is_integer(
	                        json_object_get(about, "events_lost")) &&
	                !json_integer_value(
	                        json_object_get(about, "events_lost")),
	        "the cell is named, and no event was lost");
	CHECK(document && !strcmp(json_string_value(json_object_get(
	                                  document, "displayTimeUnit")),
	                          "ns"),
	        "times are shown in ns");
	json_decref(document);
}

static void *foreign_span(void *unused)
{
	span(RM_EVENT_REBUILD, 11000, 12000, 1);
	return unused;
}

/* The number of the thread is above those of all slots. */
static void a_librarys_thread_is_another(void)
{
	json_t *document, *event;
	const char *name = "";
	int tid = 0;
	size_t i;

	in_a_thread(foreign_span);
	document = timeline();
	json_array_foreach (json_object_get(document, "traceEvents"), i, event)
		if (!strcmp(json_string_value(json_object_get(event, "ph")),
		            "M")) {
			name = json_string_value(json_object_get(
			        json_object_get(event, "args"), "name"));
			tid = (int)json_integer_value(
			        json_object_get(event, "tid"));
		}
	if (!CHECK(!strncmp(name, "other thread ", 13) &&
	                    tid == 2 + RM_EVENT_FOREIGN + atoi(name + 13),
	            "a thread that the trial did not start is listed as "
	            "another one"))
		printf("# %s %d\n", name, tid);
	json_decref(document);
}

static void a_full_disk_is_an_error(void)
{
	FILE *full = fopen("/dev/full", "w");

	if (!full) {
		SKIP("a write error is reported", "no /dev/full");
		return;
	}
	CHECK(rm_timeline_write(full, &cell) == -EIO,
	        "a write error is reported");
	fclose(full);
}

int main(void)
{
	nothing_happened();
	happen();
	all_is_told();
	a_librarys_thread_is_another();
	a_full_disk_is_an_error();
	return DONE();
}
