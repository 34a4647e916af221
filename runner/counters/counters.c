/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/counters/counters.h"
#include "runner/counters/backend.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

struct rm_counters {
	const struct rm_backend *backend;
	void *state;
};

static const struct rm_backend *const backends[] = { &rm_backend_none,
	&rm_backend_perf, &rm_backend_likwid, &rm_backend_replay };

static const struct rm_backend *find(const json_t *request)
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
	const struct rm_backend *backend = find(request->request);

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

const char *rm_request_text(const json_t *event, size_t index, const char *key,
        struct rm_error *error)
{
	const char *text = json_string_value(json_object_get(event, key));

	if (!text)
		rm_error_set(error, -EINVAL,
		        "counters: events[%zu] has no text \"%s\"", index, key);
	return text;
}
