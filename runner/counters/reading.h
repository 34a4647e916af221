/* SPDX-License-Identifier: Apache-2.0 */
/* reading.h - one count of one thread, and how far it can be trusted. */
#ifndef RM_READING_H
#define RM_READING_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* From good to bad: an event is as good as its worst thread. */
enum rm_quality {
	RM_QUALITY_EXACT,
	RM_QUALITY_SIMULATED,       /* of a model (runner/sim/), not measured */
	RM_QUALITY_REPLAYED,        /* from a recording, not from this run */
	RM_QUALITY_MULTIPLEXED,     /* counted part of the time, scaled up */
	RM_QUALITY_NEVER_SCHEDULED, /* opened, but never on the PMU */
	RM_QUALITY_INVALID,         /* no value: see the reason */
};

struct rm_reading {
	enum rm_quality quality;
	double value;        /* scaled count; meaningless from NEVER_... on */
	uint64_t raw;        /* as the counter had it */
	uint64_t enabled_ns; /* 0 where the back end does not know */
	uint64_t running_ns;
	char reason[160]; /* "" = none */
};

/* An event's names, as the result carries them. */
struct rm_event_name {
	const char *metric, *event, *code;
};

/*
 * What perf says of an interval: differences of the value and of its two
 * clocks. Running less than enabled is scaled, never running is no value.
 */
struct rm_reading rm_reading_scale(
        uint64_t raw, uint64_t enabled_ns, uint64_t running_ns);

/* An invalid reading with a reason, printf style. */
struct rm_reading rm_reading_invalid(const char *format, ...)
        __attribute__((format(printf, 1, 2)));

/* Has the reading a value? */
bool rm_reading_valid(const struct rm_reading *reading);

/* Text of results/README.md ("exact", ...). Static. */
const char *rm_quality_text(enum rm_quality quality);

/* Inverse: returns 0, or -EINVAL where there is no such word. */
int rm_quality_parse(const char *text, enum rm_quality *quality);

/*
 * One element of "events" (results/README.md) out of `threads` readings. The
 * total is null as soon as one thread has no value. `times`: the back end
 * knows the enabled and running times. New reference.
 */
json_t *rm_reading_event(const struct rm_event_name *name,
        const struct rm_reading *readings, unsigned threads, bool times);

/* One element of "empty": {"metric", "total"}. New reference. */
json_t *rm_reading_empty(const char *metric, const struct rm_reading *readings,
        unsigned threads);

#endif /* RM_READING_H */
