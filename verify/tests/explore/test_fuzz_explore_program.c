/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_fuzz_explore_program.c - fuzzes program files of `readmostly explore`.
 * slow: seconds of CPU time; not part of `make check`.
 * fuzzes: verify/explore/program_file.c but rm_explore_load_program,
 *   rm_explore_program_misfits, only_reads: of the file, and of a map
 *
 * Sound means: an error is one line that names the line, and an accepted
 * program can be written and read again unchanged.
 */
#include "runner/impl.h"
#include "tests/unit/fuzz.h"
#include "verify/explore/program_file.h"

#include <stdlib.h>
#include <string.h>

static const char *const words[] = { "shape", "keys", "presize", "resident",
	"collide", "collide = yes\n", " x ", "128 x upsert 0", "131072 x ",
	"thread 1", "thread 2", "thread 7", "thread 8", "thread", " = ", "=",
	",", ", ", ";", "upsert", "lookup 0", "lookup 23", "lookup 24",
	"remove 1", "exchange 2", "take 3", "insert_if_absent 4",
	"compare_swap 5", "compare_remove 6", "update 7", "length", "scan",
	"clear", "scan 1", "yes", "no", "u64x8", "u64x24", "str16x8",
	"str16x24", "0", "1", "24", "25", "-1", "#", "\n",
	"thread 3 = update 1\n", "keys = 24\n", "presize = no\n",
	"resident = 1 2 3\n", "shape = u64x8\n", NULL };

static const char *const texts[] = {
	"# Two insert, one takes.\nshape    = u64x8\nkeys     = 2\n"
	"presize  = no\nresident = 1\n"
	"thread 1 = insert_if_absent 0, lookup 0\n"
	"thread 2 = insert_if_absent 0\nthread 3 = take 0, scan\n",
	"collide = yes\nthread 1 = 65536 x upsert 0, lookup 1\n",
	"thread 1 = upsert 0\n",
	"resident = 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20\n"
	"thread 1 = upsert 21, remove 1, exchange 2, compare_swap 3, length\n"
	"thread 1 = upsert 22, remove 2, exchange 3, compare_swap 4, clear\n"
	"thread 7 = update 23, compare_remove 3\n",
	NULL
};

static bool same(const struct rm_explore_program_file *a,
        const struct rm_explore_program_file *b)
{
	const struct rm_explore_program *x = &a->program, *y = &b->program;

	return x->keys == y->keys && x->resident == y->resident &&
	       x->presize == y->presize && x->collide == y->collide &&
	       x->threads == y->threads && x->fillers == y->fillers &&
	       !memcmp(x->ops, y->ops, sizeof(x->ops)) &&
	       !memcmp(x->op, y->op, sizeof(x->op));
}

static bool reads_back(struct rm_explore_program_file *written, char *why)
{
	struct rm_explore_program_file copy;
	struct rm_error error = { "" };
	char *text;
	bool sound;

	written->program.shape =
	        rm_shapes[written->shapes ? __builtin_ctz(written->shapes) : 0];
	text = rm_explore_program_text(&written->program);
	sound = !rm_explore_parse_program(
	                "again", text, strlen(text), &copy, &error) &&
	        same(written, &copy) &&
	        (!written->shapes || copy.shapes == written->shapes);
	if (!sound)
		snprintf(why, FUZZ_WHY, "differs when read back: %s",
		        error.text);
	free(text);
	return sound;
}

static enum fuzz_verdict judge(
        struct fuzz_input *input, const char *text, size_t length, char *why)
{
	struct rm_explore_program_file written;
	struct rm_error error = { "" };

	(void)input;
	if (!rm_explore_parse_program(
	            "a/fuzz.txt", text, length, &written, &error))
		return reads_back(&written, why) ? FUZZ_TAKEN : FUZZ_UNSOUND;
	snprintf(why, FUZZ_WHY, "%s", error.text);
	return fuzz_is_line(why) && !strncmp(why, "a/fuzz.txt:", 11)
	               ? FUZZ_REFUSED
	               : FUZZ_UNSOUND;
}

int main(void)
{
	static const struct fuzz_parser parser = { .name = "program to explore",
		.words = words,
		.texts = texts,
		.judge = judge };

	fuzz_check(&parser, 60000);
	return DONE();
}
