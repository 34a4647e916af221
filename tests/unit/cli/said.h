/* SPDX-License-Identifier: Apache-2.0 */
/*
 * said.h - what a function prints, as two texts. Nothing of TAP is printed in
 * between.
 */
#ifndef RM_TEST_SAID_H
#define RM_TEST_SAID_H

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SAID_BYTES = 16384 };

/* To standard output and to standard error. */
struct said {
	char out[SAID_BYTES], err[SAID_BYTES];
	FILE *files[2];
	int before[2];
};

static inline FILE *said_stream(int i)
{
	return i ? stderr : stdout;
}

static inline void said_begin(struct said *said)
{
	for (int i = 0; i < 2; i++) {
		fflush(said_stream(i));
		said->files[i] = tmpfile();
		said->before[i] = dup(fileno(said_stream(i)));
		if (!said->files[i] || said->before[i] < 0 ||
		        dup2(fileno(said->files[i]), fileno(said_stream(i))) <
		                0)
			abort();
	}
}

static inline void said_end(struct said *said)
{
	char *texts[] = { said->out, said->err };

	for (int i = 0; i < 2; i++) {
		fflush(said_stream(i));
		dup2(said->before[i], fileno(said_stream(i)));
		close(said->before[i]);
		rewind(said->files[i]);
		texts[i][fread(texts[i], 1, SAID_BYTES - 1, said->files[i])] =
		        '\0';
		fclose(said->files[i]);
	}
}

#endif /* RM_TEST_SAID_H */
