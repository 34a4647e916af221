/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - gives a parser inputs of fuzz_mutate.h and judges what it does.
 *
 * A parser must decide: taken, and then what it read is written and read again
 * as the same; or refused with one line that names a place and a reason. The
 * sanitizers, under which every fuzzer is built, judge the rest. What ends the
 * process (a finding, 60 s of CPU time for one input) names the input first.
 *
 * FUZZ_INPUTS, FUZZ_SEED, FUZZ_FIRST and FUZZ_SECONDS of the environment: how
 * many inputs, of which seed, from which number on, and for how much CPU time
 * at most. `FUZZ_FIRST=N FUZZ_INPUTS=1 TEST` runs input N alone. FUZZ_ONLY: the
 * parser of this name and no other.
 */
#ifndef RM_TESTS_FUZZ_H
#define RM_TESTS_FUZZ_H

#include "tests/unit/fuzz_mutate.h"
#include "tests/unit/tap.h"

#include <inttypes.h>

enum { FUZZ_WHY = 640 };
enum fuzz_verdict { FUZZ_REFUSED, FUZZ_TAKEN, FUZZ_UNSOUND };

struct fuzz_parser {
	const char *name;         /* of the parser, as printed */
	const char *const *words; /* ended by NULL */
	const char *const *files; /* seeds, ended by NULL; may be NULL */
	const char *const *texts; /* more seeds, likewise */
	void (*prepare)(struct fuzz_input *); /* say, a right checksum; may be
	                                         NULL */
	/* One input, in a block of its own size so that a byte too far is seen;
	   `why` (FUZZ_WHY bytes): what was refused, or what is unsound. */
	enum fuzz_verdict (*judge)(struct fuzz_input *input, const char *text,
	        size_t length, char *why);
};

struct fuzz_outcome {
	uint64_t inputs, taken, refused, unsound;
};

/* Gives the parser `inputs` inputs, or what the environment says. */
struct fuzz_outcome fuzz_run(const struct fuzz_parser *parser, uint64_t inputs);

/* Whether a refusal is one line of text that a terminal can show. */
bool fuzz_is_line(const char *text);

/* Whether it is, and begins with "PREFIX" and the number of a line. */
bool fuzz_names_line(const char *text, const char *prefix);

/* Whether a JSON text, or a line of it, has a member twice: of two the later
   one would win unseen. What is no JSON has none. */
bool fuzz_member_twice(const char *text, size_t length);

/* Whether a text of lines KEY = VALUE has a key twice in one [section]. */
bool fuzz_key_twice(const char *text, size_t length);

/* NAME in a folder that this process has for itself until it ends; the text is
   good until the tenth call after it. */
const char *fuzz_path(const char *name);

/* Writes a file there; its path. Folders of its name are made. */
const char *fuzz_file(const char *name, const char *text, size_t length);

/* The facts of a parser, in TAP. */
static inline void fuzz_check(const struct fuzz_parser *parser, uint64_t inputs)
{
	struct fuzz_outcome outcome = fuzz_run(parser, inputs);
	char name[200];

	snprintf(name, sizeof(name),
	        "%s: every input is refused in a line or reads back",
	        parser->name);
	CHECK(outcome.unsound == 0, name);
	snprintf(name, sizeof(name), "%s: inputs reach both ends of the reader",
	        parser->name);
	CHECK(outcome.inputs < 100 ||
	                (outcome.taken * 100 > outcome.inputs &&
	                        outcome.refused * 10 > outcome.inputs),
	        name);
}

#endif /* RM_TESTS_FUZZ_H */
