/* SPDX-License-Identifier: Apache-2.0 */
/* write.c - a trace as text. */
#include "runner/trace/trace.h"

#include <errno.h>
#include <inttypes.h>

static void put(FILE *out, const struct rm_trace *trace, const char *word,
        uint64_t rank)
{
	const struct rm_dictionary_key *key = &trace->dictionary.keys[rank];

	fputs(word, out);
	fwrite(trace->dictionary.bytes + key->at, 1, key->length, out);
	fputc('\n', out);
}

int rm_trace_write_text(FILE *out, const struct rm_trace *trace)
{
	static const char *const words[] = { "get ", "set ", "del " };

	for (uint64_t rank = 0; rank < trace->present; rank++)
		put(out, trace, "has ", rank);
	for (uint64_t i = 0; i < trace->count; i++)
		put(out, trace, words[rm_replay_operation(trace->entries[i])],
		        rm_replay_rank(trace->entries[i]));
	fprintf(out, "end %" PRIu64 "\n", trace->count);
	return ferror(out) ? -EIO : 0;
}
