/* SPDX-License-Identifier: Apache-2.0 */
/* captured_output.h - captures what a function prints to standard output and
   standard error. No TAP lines may be printed while it captures. */
#ifndef RM_TEST_CAPTURED_OUTPUT_H
#define RM_TEST_CAPTURED_OUTPUT_H

#include "tests/unit/tap.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPTURED_BYTES = 16384 };

/* The text printed to either stream. */
struct captured_output {
	char out[CAPTURED_BYTES], err[CAPTURED_BYTES];
	FILE *files[2];
	int before[2];
};

static inline FILE *captured_stream(int i)
{
	return i ? stderr : stdout;
}

static inline void capture_begin(struct captured_output *output)
{
	for (int i = 0; i < 2; i++) {
		fflush(captured_stream(i));
		output->files[i] = tmpfile();
		output->before[i] = dup(fileno(captured_stream(i)));
		if (!output->files[i] || output->before[i] < 0 ||
		        dup2(fileno(output->files[i]),
		                fileno(captured_stream(i))) < 0)
			abort();
	}
}

static inline void capture_end(struct captured_output *output)
{
	char *texts[] = { output->out, output->err };

	for (int i = 0; i < 2; i++) {
		fflush(captured_stream(i));
		dup2(output->before[i], fileno(captured_stream(i)));
		close(output->before[i]);
		rewind(output->files[i]);
		texts[i][fread(texts[i], 1, CAPTURED_BYTES - 1,
		        output->files[i])] = '\0';
		fclose(output->files[i]);
	}
}

#endif /* RM_TEST_CAPTURED_OUTPUT_H */
