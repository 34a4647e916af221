/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_counted_window.c - when a trial calls its counters (counters.h says when
 * it must): played counters, which note each call, and a subject's loop, which
 * does the same. Without a PMU no other counters would notice.
 */
#include "runner/counters/counters.h"
#include "tests/unit/trial/array_map.h"

#include <errno.h>

enum { THREADS = 3, CALLS_MOST = 64 };

/* O, A, S, +, w, -, P, R, C: open, attach, start, enable, a loop in the
   window, disable, stop, result, close; W: the loop outside. */
struct call {
	char what;
	unsigned slot;
};

static struct call calls[CALLS_MOST];
static _Atomic unsigned call_count;
static int start_code, stop_code;

/* Stands for all of counters.c, whose functions these are. */
struct rm_counters {
	unsigned threads;
};

static void note(char what, unsigned slot)
{
	unsigned at = atomic_fetch_add(&call_count, 1);

	if (at < CALLS_MOST)
		calls[at] = (struct call){ what, slot };
}

struct rm_session_request;

int rm_counters_open_request(const struct rm_session_request *request,
        struct rm_counters **session, struct rm_error *error);
/* Who proves that counters count, calls this; no trial does. */
int rm_counters_open_request(const struct rm_session_request *request,
        struct rm_counters **session, struct rm_error *error)
{
	(void)request;
	(void)session;
	(void)error;
	return -ENOSYS;
}

int rm_counters_open(const json_t *request, unsigned threads,
        const unsigned *cpus, struct rm_counters **session,
        struct rm_error *error)
{
	static struct rm_counters only;

	(void)request;
	(void)cpus;
	(void)error;
	only.threads = threads;
	note('O', 0);
	*session = &only;
	return 0;
}

int rm_counters_attach(struct rm_counters *session, unsigned slot)
{
	(void)session;
	note('A', slot);
	return 0;
}

int rm_counters_start(struct rm_counters *session)
{
	(void)session;
	note('S', 0);
	return start_code;
}

int rm_counters_stop(struct rm_counters *session)
{
	(void)session;
	note('P', 0);
	return stop_code;
}

void rm_counters_enable(struct rm_counters *session, unsigned slot)
{
	(void)session;
	note('+', slot);
}

void rm_counters_disable(struct rm_counters *session, unsigned slot)
{
	(void)session;
	note('-', slot);
}

json_t *rm_counters_result(const struct rm_counters *session)
{
	note('R', 0);
	return json_pack("{s:i}", "threads", (int)session->threads);
}

void rm_counters_close(struct rm_counters *session)
{
	if (session)
		note('C', 0);
}

/* The map's loop, which notes that it runs. */
static void noted_loop(struct rm_worker *worker)
{
	note(worker->measured ? 'w' : 'W', worker->slot);
	drive_u64x8(worker);
}

static const struct rm_impl noted = {
	.id = "array", .shapes = 1, .ops = &ops, .drive = { noted_loop }
};

static json_t *counted(uint64_t warm_up_ns)
{
	struct rm_request request = request_of(RM_UPDATE);

	atomic_store(&call_count, 0);
	request.cell.threads = THREADS;
	request.cell.window_ops = 1000;
	request.cell.warm_up_ns = warm_up_ns;
	return run_on(&request, &noted);
}

/* The calls of one slot in their order, or of all that have no slot. */
static bool called(const char *kinds, unsigned slot, const char *expected)
{
	char told[CALLS_MOST + 1] = "";
	size_t length = 0;

	for (unsigned i = 0; i < atomic_load(&call_count) && i < CALLS_MOST;
	        i++)
		if (strchr(kinds, calls[i].what) && calls[i].slot == slot)
			told[length++] = calls[i].what;
	if (strcmp(told, expected))
		printf("# slot %u: \"%s\"\n", slot, told);
	return !strcmp(told, expected);
}

/* Where the first, or the last, of a kind stands. */
static unsigned place(char what, bool last)
{
	unsigned found = CALLS_MOST;

	for (unsigned i = 0; i < atomic_load(&call_count) && i < CALLS_MOST;
	        i++)
		if (calls[i].what == what && (last || found == CALLS_MOST))
			found = i;
	return found;
}

static void each_call_has_its_place(void)
{
	json_t *result = counted(1);
	bool each = true;

	for (unsigned slot = 0; slot < THREADS; slot++)
		each &= called("A+w-W", slot, "WA+w-");
	CHECK(is(result, "ok", "") && each &&
	                json_is_null(
	                        json_object_get(result, "counters_reason")),
	        "each thread attaches once behind its warm-up, and counts from "
	        "before its window's loop until after it");
	CHECK(called("OSPRC", 0, "OSPRC"),
	        "the main thread opens, starts, stops, reads and closes");
	CHECK(place('A', true) < place('S', false) &&
	                place('S', false) < place('+', false),
	        "it starts when all have attached, before one counts");
	CHECK(place('-', true) < place('P', false),
	        "and stops when none counts any more");
	CHECK(number_of(json_object_get(result, "counters"), "threads") ==
	                THREADS,
	        "what they say is the result's, of all threads");
	json_decref(result);
}

static void what_does_not_start_is_told(void)
{
	json_t *result;
	const char *reason;

	start_code = -EBUSY;
	result = counted(0);
	start_code = 0;
	reason = text_of(result, "counters_reason");
	CHECK(is(result, "ok", ""), "a trial is worth something uncounted");
	if (!CHECK(strstr(reason, "counters did not start: "),
	            "that they did not start is the result's reason"))
		printf("# \"%s\"\n", reason);
	json_decref(result);
}

static bool reason_is(const char *words)
{
	json_t *result = counted(0);
	const char *reason = text_of(result, "counters_reason");
	bool same = is(result, "ok", "") && strstr(reason, words);

	if (!same)
		printf("# \"%s\"\n", reason);
	json_decref(result);
	return same;
}

static void what_does_not_stop_is_told(void)
{
	stop_code = -ENOMEM;
	CHECK(reason_is("counters did not stop: "),
	        "that they did not stop is its reason, too");
	start_code = -EBUSY;
	CHECK(reason_is("counters did not start: "),
	        "but not where they did not start");
	start_code = stop_code = 0;
}

int main(void)
{
	each_call_has_its_place();
	what_does_not_start_is_told();
	what_does_not_stop_is_told();
	return DONE();
}
