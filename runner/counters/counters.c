/* SPDX-License-Identifier: Apache-2.0 */
/* counters.c - passes a trial's calls to the back end in its request, and
   implements the back end "none". */
#include "runner/counters/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rm_counters {
	const struct rm_backend *backend;
	void *state;
};

static int open_none(const struct rm_session_request *request, void **state,
        struct rm_error *error)
{
	(void)request;
	(void)error;
	*state = NULL;
	return 0;
}

static void result_none(const void *state, json_t *result)
{
	(void)state;
	json_object_set_new(
	        result, "reason", json_string("no counters were requested"));
}

static void close_none(void *state)
{
	(void)state;
}

static const struct rm_backend backend_none = {
	.name = "none",
	.open = open_none,
	.result = result_none,
	.close = close_none,
};

static const struct rm_backend *const backends[] = { &backend_none,
	&rm_backend_perf, &rm_backend_likwid, &rm_backend_replay };

static const struct rm_backend *find_backend(const json_t *request)
{
	const char *name =
	        json_string_value(json_object_get(request, "backend"));

	for (size_t i = 0; name && i < sizeof(backends) / sizeof(*backends);
	        i++)
		if (!strcmp(backends[i]->name, name))
			return backends[i];
	return NULL;
}

int rm_counters_open_request(const struct rm_session_request *request,
        struct rm_counters **session, struct rm_error *error)
{
	const struct rm_backend *backend = find_backend(request->request);

	*session = NULL;
	if (!backend)
		return rm_error_set(error, -EINVAL,
		        "counters: \"backend\" must be none, perf, likwid or "
		        "replay");
	struct rm_counters *made = calloc(1, sizeof(*made));
	if (!made)
		return rm_error_set(error, -ENOMEM, "out of memory");
	made->backend = backend;
	int code = backend->open(request, &made->state, error);
	if (code) {
		free(made);
		return code;
	}
	*session = made;
	return 0;
}

int rm_counters_open(const json_t *request, unsigned threads,
        const unsigned *cpus, struct rm_counters **session,
        struct rm_error *error)
{
	struct rm_session_request all = {
		.request = request, .threads = threads, .cpus = cpus
	};

	return rm_counters_open_request(&all, session, error);
}

int rm_counters_attach(struct rm_counters *session, unsigned slot)
{
	const struct rm_backend *backend = session->backend;

	return backend->attach ? backend->attach(session->state, slot) : 0;
}

int rm_counters_start(struct rm_counters *session)
{
	const struct rm_backend *backend = session->backend;

	return backend->start ? backend->start(session->state) : 0;
}

int rm_counters_stop(struct rm_counters *session)
{
	const struct rm_backend *backend = session->backend;

	return backend->stop ? backend->stop(session->state) : 0;
}

void rm_counters_enable(struct rm_counters *session, unsigned slot)
{
	if (session->backend->enable)
		session->backend->enable(session->state, slot);
}

void rm_counters_disable(struct rm_counters *session, unsigned slot)
{
	if (session->backend->disable)
		session->backend->disable(session->state, slot);
}

json_t *rm_counters_result(const struct rm_counters *session)
{
	json_t *result = json_pack("{s:s, s:n, s:n, s:[], s:[]}", "backend",
	        session->backend->name, "reason", "cpu", "events", "empty");

	if (result)
		session->backend->result(session->state, result);
	return result;
}

void rm_counters_close(struct rm_counters *session)
{
	if (!session)
		return;
	session->backend->close(session->state);
	free(session);
}
