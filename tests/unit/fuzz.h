/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz.h - gives a parser inputs from fuzz_mutate.h and judges its results.
 *
 * A parser must accept an input or refuse it. If an accepted input is written
 * and read again, the result must be the same. A refusal must be one line that
 * names a place and a reason. Every fuzzer is built with sanitizers, which
 * detect all other errors. Before the process ends because of a fault, or of 60
 * s of CPU time for one input, it prints the number of that input.
 *
 * The environment variables FUZZ_INPUTS, FUZZ_SEED, FUZZ_FIRST and FUZZ_SECONDS
 * set the number of inputs, their seed, the first number and the limit of CPU
 * time. `FUZZ_FIRST=N FUZZ_INPUTS=1 TEST` runs only input N. FUZZ_ONLY is the
 * name of the only parser to run.
 */
#ifndef RM_TESTS_FUZZ_H
#define RM_TESTS_FUZZ_H

#include "tests/unit/fuzz_mutate.h"
#include "tests/unit/tap.h"

#include <inttypes.h>

enum { FUZZ_WHY = 640 };
enum fuzz_verdict { FUZZ_REFUSED, FUZZ_TAKEN, FUZZ_UNSOUND };

struct fuzz_parser {
	const char *name;         /* name of the parser, as printed */
	const char *const *words; /* NULL-terminated */
	const char *const *files; /* seeds, NULL-terminated; may be NULL */
	const char *const *texts; /* additional seeds, NULL-terminated; may be
	                             NULL */
	void (*prepare)(struct fuzz_input *); /* for example, sets a valid
	                                         checksum; may be NULL */
	/* Judges one input, which is in a block of exactly its size, so that an
	   overrun is detected. `why` (FUZZ_WHY bytes) receives the refusal, or
	   the unsound result. */
	enum fuzz_verdict (*judge)(struct fuzz_input *input, const char *text,
	        size_t length, char *why);
};

struct fuzz_outcome {
	uint64_t inputs, taken, refused, unsound;
};

/* Gives the parser `inputs` inputs, or as many as the environment sets. */
struct fuzz_outcome fuzz_run(const struct fuzz_parser *parser, uint64_t inputs);

/* True if a refusal is one line of printable text. */
bool fuzz_is_line(const char *text);

/* True if the text begins with "PREFIX" and a line number. */
bool fuzz_names_line(const char *text, const char *prefix);

/* True if a JSON text, or a line of it, has a duplicate member, of which the
   later one would silently win. False for invalid JSON. */
bool fuzz_member_twice(const char *text, size_t length);

/* True if a text of lines KEY = VALUE has a duplicate key in one [section]. */
bool fuzz_key_twice(const char *text, size_t length);

/* Returns the path of NAME in a folder that is removed when this process ends.
   The text is valid until the tenth call after it. */
const char *fuzz_path(const char *name);

/* Writes a file in that folder and returns its path. Creates the folders in its
   name. */
const char *fuzz_file(const char *name, const char *text, size_t length);

/* Checks a parser and prints the results in TAP. */
static inline void fuzz_check(const struct fuzz_parser *parser, uint64_t inputs)
{
	struct fuzz_outcome outcome = fuzz_run(parser, inputs);
	char name[200];

	snprintf(name, sizeof(name),
	        "%s: every input is refused with a line or reads back",
	        parser->name);
	CHECK(outcome.unsound == 0, name);
	snprintf(name, sizeof(name),
	        "%s: enough inputs are accepted and refused", parser->name);
	CHECK(outcome.inputs < 100 ||
	                (outcome.taken * 100 > outcome.inputs &&
	                        outcome.refused * 10 > outcome.inputs),
	        name);
}

#endif /* RM_TESTS_FUZZ_H */
