/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_counted_window.c - tests the order in which a trial calls its counters
 * (see counters.h). Simulated counters and the loop of a technique record each
 * call. On machines without a PMU, no other counters would detect a wrong
 * order.
 */
#include "runner/counters/counters.h"
#include "tests/unit/trial/array_map.h"

#include <errno.h>

enum { THREADS = 3, CALLS_MOST = 64 };

/* O, A, S, +, w, -, P, R, C: open, attach, start, enable, loop in the window,
   disable, stop, result, close; W: loop of the warm-up. */
struct call {
	char what;
	unsigned slot;
};

static struct call calls[CALLS_MOST];
static _Atomic unsigned call_count;
static int start_code, stop_code;

/* Replaces all of counters.c. */
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
/* Only `env counters` calls this, when it tests the counters. */
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

/* The loop of the map, which is recorded. */
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

/* True if the calls of one slot are as expected. Calls without a slot have slot
   0. */
static bool called(const char *kinds, unsigned slot, const char *expected)
{
	char found[CALLS_MOST + 1] = "";
	size_t length = 0;

	for (unsigned i = 0; i < atomic_load(&call_count) && i < CALLS_MOST;
	        i++)
		if (strchr(kinds, calls[i].what) && calls[i].slot == slot)
			found[length++] = calls[i].what;
	if (strcmp(found, expected))
		printf("# slot %u: \"%s\"\n", slot, found);
	return !strcmp(found, expected);
}

/* Returns the index of the first or last call of a kind. */
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
	        "each thread attaches once after its warm-up, and counts "
	        "around its window's loop");
	CHECK(called("OSPRC", 0, "OSPRC"),
	        "the main thread opens, starts, stops, reads and closes");
	CHECK(place('A', true) < place('S', false) &&
	                place('S', false) < place('+', false),
	        "the main thread starts after all threads have attached, "
	        "before any counts");
	CHECK(place('-', true) < place('P', false),
	        "the main thread stops after all threads have stopped "
	        "counting");
	CHECK(number_of(json_object_get(result, "counters"), "threads") ==
	                THREADS,
	        "the counters' result is in the trial's, for all threads");
	json_decref(result);
}

static void a_failed_start_is_reported(void)
{
	json_t *result;
	const char *reason;

	start_code = -EBUSY;
	result = counted(0);
	start_code = 0;
	reason = text_of(result, "counters_reason");
	CHECK(is(result, "ok", ""), "a trial without counters is ok");
	if (!CHECK(strstr(reason, "counters did not start: "),
	            "the result has the reason for a failed start"))
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

static void a_failed_stop_is_reported(void)
{
	stop_code = -ENOMEM;
	CHECK(reason_is("counters did not stop: "),
	        "the result has the reason for a failed stop");
	start_code = -EBUSY;
	CHECK(reason_is("counters did not start: "),
	        "there is no stop if the start failed");
	start_code = stop_code = 0;
}

int main(void)
{
	each_call_has_its_place();
	a_failed_start_is_reported();
	a_failed_stop_is_reported();
	return DONE();
}
