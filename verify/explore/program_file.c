/* SPDX-License-Identifier: Apache-2.0 */
/* program_file.c - reads and writes program files (program_file.h). */
#include "verify/explore/program_file.h"

#include "runner/base/lines.h"
#include "runner/base/number.h"
#include "runner/impl.h"
#include "runner/protocol/protocol.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPS_A_LINE = 8,
	TIMES_MOST = 131072,             /* repeats of one operation */
	KEYS_MOST = RM_EXPLORE_KEYS_MAX, /* keys are 0 .. KEYS_MOST - 1 */
};

/* Names of lines; threads come last. */
enum name {
	SHAPE,
	KEYS,
	PRESIZE,
	COLLIDE,
	RESIDENT,
	KEY_SET,
	FILLERS,
	REJOIN,
	REUSE,
	BEFORE,
	THREAD_1,
	NAMES = THREAD_1 + 7
};
_Static_assert(
        NAMES - THREAD_1 == RM_EXPLORE_THREADS_MAX, "one name per thread");

static const char *const names[NAMES] = { "shape", "keys", "presize", "collide",
	"resident", "key set", "fillers", "rejoin", "reuse", "before",
	"thread 1", "thread 2", "thread 3", "thread 4", "thread 5", "thread 6",
	"thread 7" };

static const char *const keysets[RM_KEYSETS] = { "ranks", "edges", "chain" };

struct reading {
	struct rm_explore_program_file written;
	unsigned line[NAMES]; /* line number of each name; 0: not found yet */
	unsigned highest;     /* highest key used, plus one */
	char *where;          /* "file:line" of the current line */
	struct rm_error *error;
};

static int wrong(
        const struct reading *reading, const char *text, const char *expected)
{
	return rm_error_set(reading->error, -EINVAL, "%s: \"%s\", expected %s",
	        reading->where, text, expected);
}

static char *trimmed(char *text)
{
	char *end;

	text += strspn(text, " \t");
	end = text + strlen(text);
	while (end > text && strchr(" \t\n", end[-1]))
		end--;
	*end = '\0';
	return text;
}

static bool is_whole(unsigned kind)
{
	return kind < RM_HISTORY_KINDS && rm_history_is_whole_map(kind);
}

static int read_key(struct reading *reading, const char *text, uint8_t *key)
{
	uint64_t number;

	if (rm_number_integer(text, &number) || number >= KEYS_MOST)
		return wrong(reading, text, "a key, 0 to 23");
	*key = (uint8_t)number;
	if (number >= reading->highest)
		reading->highest = (unsigned)number + 1;
	return 0;
}

/* Reads "128 x " before an operation, if present. A single execution is stored
 * as 0. */
static int read_times(struct reading *reading, char **text, uint32_t *times)
{
	char *x = strstr(*text, " x ");
	uint64_t number;

	if (!x)
		return 0;
	*x = '\0';
	if (rm_number_integer(trimmed(*text), &number) || !number ||
	        number > TIMES_MOST)
		return wrong(
		        reading, *text, "a number of repeats, 1 to 131072");
	*times = number > 1 ? (uint32_t)number : 0;
	*text = x + 3 + strspn(x + 3, " \t");
	return 0;
}

/* Reads "upsert 2", "128 x upsert 2", or "scan". */
static int read_op(
        struct reading *reading, char *text, struct rm_explore_op *op)
{
	uint32_t times = 0;
	unsigned kind;
	char *key;

	if (read_times(reading, &text, &times))
		return -EINVAL;
	key = text + strcspn(text, " \t");
	if (*key)
		*key++ = '\0';
	key = trimmed(key);
	/* histories lack "update" and "move", so both parse as unknown */
	kind = rm_history_kind_parse(text);
	if (kind == RM_EXPLORE_UPDATE && !strcmp(text, "move"))
		kind = RM_EXPLORE_MOVE;
	else if (kind == RM_EXPLORE_UPDATE && strcmp(text, "update"))
		return wrong(reading, text,
		        "an operation: lookup, upsert, remove, exchange, take, "
		        "insert_if_absent, compare_swap, compare_remove, "
		        "update, move, length, scan or clear");
	*op = (struct rm_explore_op){ (uint8_t)kind, 0, times };
	if (!is_whole(kind))
		return read_key(reading, key, &op->key);
	return *key ? wrong(reading, key, "no key after this operation") : 0;
}

static int read_thread(struct reading *reading, unsigned thread, char *value)
{
	struct rm_explore_program *program = &reading->written.program;
	unsigned *ops = &program->ops[thread];

	for (char *text; (text = strsep(&value, ","));) {
		if (*ops == RM_EXPLORE_OPS_MAX)
			return wrong(reading, trimmed(text),
			        "at most 16 operations per thread");
		if (read_op(reading, trimmed(text), &program->op[thread][*ops]))
			return -EINVAL;
		++*ops;
	}
	if (thread >= program->threads)
		program->threads = thread + 1;
	return 0;
}

static int read_resident(struct reading *reading, char *value)
{
	for (char *text; (text = strsep(&value, " \t"));) {
		uint8_t key = 0;

		if (!*text)
			continue;
		if (read_key(reading, text, &key))
			return -EINVAL;
		reading->written.program.resident |= 1U << key;
	}
	return 0;
}

static int read_shape(struct reading *reading, const char *value)
{
	struct rm_shape shape;

	if (rm_shape_parse(value, &shape))
		return wrong(reading, value, "a shape, such as u64x8");
	reading->written.shapes = 1U << rm_shape_index(shape);
	return 0;
}

static int read_keys(struct reading *reading, const char *value)
{
	uint64_t number;

	if (rm_number_integer(value, &number) || !number || number > KEYS_MOST)
		return wrong(reading, value, "a number from 1 to 24");
	reading->written.program.keys = (unsigned)number;
	return 0;
}

static int read_fillers(struct reading *reading, const char *value)
{
	uint64_t number;

	if (rm_number_integer(value, &number) ||
	        number > RM_EXPLORE_FILLERS_MAX)
		return wrong(reading, value, "a number from 0 to 65536");
	reading->written.program.fillers = (uint32_t)number;
	return 0;
}

static int read_answer(struct reading *reading, const char *value, bool *answer)
{
	*answer = !strcmp(value, "yes");
	return *answer || !strcmp(value, "no")
	               ? 0
	               : wrong(reading, value, "yes or no");
}

static int read_keyset(struct reading *reading, const char *value)
{
	unsigned set = 0;

	while (set < RM_KEYSETS && strcmp(keysets[set], value))
		set++;
	if (set == RM_KEYSETS)
		return wrong(reading, value, "ranks, edges or chain");
	reading->written.program.keyset = (enum rm_keyset)set;
	return 0;
}

/* Reads "65530 x upsert 0" or "65530 x upsert 0, remove 0". */
static int read_before(struct reading *reading, char *value)
{
	struct rm_explore_before *before = &reading->written.program.before;

	before->times = 1;
	if (read_times(reading, &value, &before->times))
		return -EINVAL;
	before->times += !before->times; /* "1 x" */
	for (char *text; (text = strsep(&value, ","));) {
		struct rm_explore_op *op = &before->op[before->ops];

		if (before->ops == RM_EXPLORE_BEFORE_OPS)
			return wrong(reading, trimmed(text),
			        "at most 2 operations before");
		if (read_op(reading, trimmed(text), op))
			return -EINVAL;
		if (op->times || (op->kind != RM_HISTORY_UPSERT &&
		                         op->kind != RM_HISTORY_REMOVE))
			return wrong(reading, "before",
			        "N x upsert KEY, or N x upsert KEY, remove "
			        "KEY");
		before->ops++;
	}
	return 0;
}

static int read_value(struct reading *reading, unsigned name, char *value)
{
	switch (name) {
	case SHAPE:
		return read_shape(reading, value);
	case KEYS:
		return read_keys(reading, value);
	case PRESIZE:
		reading->written.sized = true;
		return read_answer(
		        reading, value, &reading->written.program.presize);
	case COLLIDE:
		return read_answer(
		        reading, value, &reading->written.program.collide);
	case KEY_SET:
		return read_keyset(reading, value);
	case FILLERS:
		return read_fillers(reading, value);
	case REJOIN:
		return read_answer(
		        reading, value, &reading->written.program.rejoins);
	case REUSE:
		return read_answer(
		        reading, value, &reading->written.program.reuses);
	case BEFORE:
		return read_before(reading, value);
	case RESIDENT:
		return read_resident(reading, value);
	default:
		return read_thread(reading, name - THREAD_1, value);
	}
}

/* Splits a line `NAME = VALUE` from rm_lines_next() in place. */
static int read_line(struct reading *reading, unsigned number, char *line)
{
	char *value = strchr(line, '='), *word;
	unsigned name = 0;

	*value++ = '\0';
	word = trimmed(line);
	while (name < NAMES && strcmp(names[name], word))
		name++;
	if (name == NAMES)
		return wrong(reading, word,
		        "shape, keys, presize, collide, resident, key set, "
		        "fillers, rejoin, reuse, before or thread 1 to thread "
		        "7");
	if (name < THREAD_1 && reading->line[name])
		return rm_error_set(reading->error, -EINVAL,
		        "%s: second line %s, expected only one (the first is "
		        "line %u)",
		        reading->where, word, reading->line[name]);
	reading->line[name] = number;
	return read_value(reading, name, trimmed(value));
}

/* Reports an error in the line `keys`. */
static int too_few_keys(struct reading *reading, struct rm_lines *lines)
{
	lines->line = reading->line[KEYS];
	rm_lines_location(lines, reading->where);
	return rm_error_set(reading->error, -EINVAL,
	        "%s: keys = %u, expected at least %u, since key %u is used",
	        reading->where, reading->written.program.keys, reading->highest,
	        reading->highest - 1);
}

/* Checks all lines together; `where` is the last line. */
static int complete(struct reading *reading, struct rm_lines *lines)
{
	struct rm_explore_program *program = &reading->written.program;

	if (!program->threads)
		return rm_error_set(reading->error, -EINVAL,
		        "%s: no operation, expected a line such as "
		        "`thread 1 = upsert 0`",
		        reading->where);
	if (!program->keys)
		program->keys = reading->highest ? reading->highest : 1;
	if (program->keys < reading->highest)
		return too_few_keys(reading, lines);
	if (rm_explore_total_times(program) > RM_EXPLORE_TIMES_MAX)
		return rm_error_set(reading->error, -EINVAL,
		        "%s: %u operations, expected at most %d in total, "
		        "including repeats",
		        reading->where, rm_explore_total_times(program),
		        RM_EXPLORE_TIMES_MAX);
	if (program->fillers && (program->keyset || rm_explore_clears(program)))
		return rm_error_set(reading->error, -EINVAL,
		        "%s: fillers = %u: expected no key set and no clear",
		        reading->where, program->fillers);
	/* read the map in every possible way at the end */
	program->looks = true;
	return 0;
}

int rm_explore_parse_program(const char *file, const char *text, size_t length,
        struct rm_explore_program_file *written, struct rm_error *error)
{
	struct rm_error own = { "" };
	struct rm_lines lines = { .file = file,
		.text = text,
		.length = length,
		.error = error ? error : &own };
	char line[RM_LINE_MAX + 2], where[RM_WHERE_BYTES];
	struct reading reading = { .where = where, .error = lines.error };

	while (rm_lines_next(line, sizeof(line), &lines)) {
		rm_lines_location(&lines, where);
		if (line[0] != '\n' && read_line(&reading, lines.line, line))
			return -EINVAL;
	}
	if (lines.error->text[0])
		return -EINVAL;
	rm_lines_location(&lines, where);
	if (complete(&reading, &lines))
		return -EINVAL;
	*written = reading.written;
	return 0;
}

int rm_explore_load_program(const char *file,
        struct rm_explore_program_file *written, struct rm_error *error)
{
	size_t length;
	char *text;
	int status = rm_lines_load(file, &text, &length, error);

	if (status)
		return status;
	status = rm_explore_parse_program(file, text, length, written, error);
	free(text);
	return status;
}

/* True if threads other than the one writer may perform this operation. */
static bool only_reads(unsigned kind)
{
	return kind == RM_HISTORY_LOOKUP || kind == RM_HISTORY_LENGTH ||
	       kind == RM_HISTORY_SCAN;
}

bool rm_explore_program_misfits(const struct rm_explore_program_file *written,
        const struct rm_impl *impl, char *why, size_t size)
{
	const struct rm_explore_program *program = &written->program;
	const bool alone = impl->caps & RM_CAP_SINGLE_WRITER;

	if (program->fillers && impl->caps & RM_CAP_FIXED_SIZE) {
		snprintf(why, size, "the map has a fixed size: no fillers");
		return true;
	}
	for (unsigned t = 0; t < program->threads; t++)
		for (unsigned i = 0; i < program->ops[t]; i++) {
			const struct rm_explore_op *op = &program->op[t][i];
			char words[64];

			rm_explore_format_op(op, words, sizeof(words));
			if (!rm_explore_has_operation(impl, op->kind)) {
				snprintf(why, size, "the map does not offer %s",
				        words);
				return true;
			}
			if (alone && t && !only_reads(op->kind)) {
				snprintf(why, size,
				        "only thread 1 may write this map, "
				        "but thread %u performs %s",
				        t + 1, words);
				return true;
			}
		}
	return false;
}

static void print_ops(
        FILE *file, const struct rm_explore_program *program, unsigned thread)
{
	for (unsigned i = 0; i < program->ops[thread]; i++) {
		char words[64];

		rm_explore_format_op(
		        &program->op[thread][i], words, sizeof(words));
		if (i % OPS_A_LINE == 0)
			fprintf(file, "%sthread %u = ", i ? "\n" : "",
			        thread + 1);
		else
			fprintf(file, ", ");
		fprintf(file, "%s", words);
	}
	if (program->ops[thread])
		fprintf(file, "\n");
}

static void print_before(FILE *file, const struct rm_explore_before *before)
{
	if (!before->times)
		return;
	fprintf(file, "before   = %u x ", before->times);
	for (unsigned i = 0; i < before->ops; i++) {
		char words[64];

		rm_explore_format_op(&before->op[i], words, sizeof(words));
		fprintf(file, "%s%s", i ? ", " : "", words);
	}
	fprintf(file, "\n");
}

char *rm_explore_program_text(const struct rm_explore_program *program)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	if (!file)
		return NULL;
	fprintf(file, "shape    = %s\nkeys     = %u\npresize  = %s\n",
	        rm_shape_name(program->shape), program->keys,
	        program->presize ? "yes" : "no");
	fprintf(file,
	        "%sresident =", program->collide ? "collide  = yes\n" : "");
	for (unsigned key = 0; key < program->keys; key++)
		if (program->resident & 1U << key)
			fprintf(file, " %u", key);
	fprintf(file, "\n");
	if (program->keyset)
		fprintf(file, "key set  = %s\n", keysets[program->keyset]);
	if (program->fillers)
		fprintf(file, "fillers  = %u\n", program->fillers);
	if (program->rejoins)
		fprintf(file, "rejoin   = yes\n");
	if (program->reuses)
		fprintf(file, "reuse    = yes\n");
	print_before(file, &program->before);
	for (unsigned t = 0; t < program->threads; t++)
		print_ops(file, program, t);
	if (fclose(file)) {
		free(text);
		return NULL;
	}
	return text;
}
