/* SPDX-License-Identifier: Apache-2.0 */
/* building.h - a trace that is being read; not for other folders. */
#ifndef RM_TRACE_BUILDING_H
#define RM_TRACE_BUILDING_H

#include "runner/trace/trace.h"

/* What a line or a record says. */
enum rm_trace_word { RM_TRACE_GET, RM_TRACE_SET, RM_TRACE_DEL, RM_TRACE_HAS };

struct rm_trace_building {
	struct rm_trace *trace;
	size_t entry_room;
	uint8_t *states; /* by number, see trace.c; owned */
	size_t state_room;
	bool has; /* there was a `has` */
	uint64_t sum;
};

/*
 * Adds one line. 0; -ENOMEM; else -EINVAL and `why` says what is wrong
 * without the place (a constant).
 */
int rm_trace_add(struct rm_trace_building *building, enum rm_trace_word word,
        const char *key, size_t length, const char **why);

/* The two forms; 0 or a negative errno with `error`. */
int rm_trace_parse_text(const char *file, const char *text, size_t length,
        struct rm_trace_building *building, struct rm_error *error);
int rm_trace_parse_binary(const char *file, const char *bytes, size_t length,
        struct rm_trace_building *building, struct rm_error *error);

/* Binary: first byte, no letter of a text; the magic; the version. */
#define RM_TRACE_MAGIC "\x89rmtrace"
enum { RM_TRACE_MAGIC_BYTES = 8, RM_TRACE_VERSION = 1 };

#endif /* RM_TRACE_BUILDING_H */
