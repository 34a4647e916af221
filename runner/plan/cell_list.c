/* SPDX-License-Identifier: Apache-2.0 */
/* cell_list.c - reads lists of cell ids, and restricts a plan to them. */
#include "runner/base/file.h"
#include "runner/plan/internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Allows all cells of the largest plan, with a comment after each id. */
enum { LINE_MOST = RM_ID_BYTES + RM_LINE_MAX };
static const size_t file_most = (size_t)RM_CELLS_MAX * LINE_MOST;

static bool is_blank(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\r';
}

/* Skips blanks at the start of *line. Returns the length without a comment and
   trailing blanks. */
static size_t trim_line(const char **line, size_t length)
{
	size_t content = 0;

	while (length > 0 && is_blank(**line)) {
		++*line;
		length--;
	}
	while (content < length &&
	        !((*line)[content] == '#' &&
	                (content == 0 || is_blank((*line)[content - 1]))))
		content++;
	while (content > 0 && is_blank((*line)[content - 1]))
		content--;
	return content;
}

/* Adds one id of `length` bytes, found on line `number`. */
static int add_id(struct rm_cell_list *list, const char *id, size_t length,
        size_t number, struct rm_error *error)
{
	char name[RM_ID_BYTES];

	for (size_t i = 0; i < length; i++)
		if (id[i] <= ' ' || id[i] > '~')
			return rm_error_set(error, -EINVAL,
			        "%.200s:%zu: byte 0x%02x in column %zu, "
			        "expected one cell id per line",
			        list->file, number, (unsigned char)id[i],
			        i + 1);
	if (length >= sizeof(name))
		return rm_error_set(error, -EINVAL,
		        "%.200s:%zu: %zu characters, expected a cell id",
		        list->file, number, length);
	memcpy(name, id, length);
	name[length] = '\0';
	const json_t *earlier = json_object_get(list->lines, name);

	if (earlier)
		return rm_error_set(error, -EINVAL,
		        "%.100s:%zu: %.200s repeats line %lld, expected each "
		        "id once",
		        list->file, number, name,
		        (long long)json_integer_value(earlier));
	return json_object_set_new(
	               list->lines, name, json_integer((json_int_t)number))
	               ? rm_error_set(error, -ENOMEM, "out of memory")
	               : 0;
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Hashes the sorted ids, so that comments and the order of lines have no
   effect. */
static int hash_ids(struct rm_cell_list *list)
{
	size_t count = json_object_size(list->lines), i = 0, used = 0;
	const char **ids = calloc(count + 1, sizeof(*ids));
	char *text = malloc(count * RM_ID_BYTES + 1);
	const char *id;
	json_t *line;

	if (ids && text) {
		json_object_foreach (list->lines, id, line)
			ids[i++] = id;
		qsort(ids, count, sizeof(*ids), compare_ids);
		for (i = 0; i < count; i++) {
			size_t length = strlen(ids[i]);

			memcpy(text + used, ids[i], length);
			used += length;
			text[used++] = '\n';
		}
		rm_sha256(text, used, list->sha256);
	}
	free(ids);
	free(text);
	return ids && text ? 0 : -ENOMEM;
}

int rm_cell_list_parse(const char *file, const char *text, size_t length,
        struct rm_cell_list *list, struct rm_error *error)
{
	const char *at = text, *end = text + length;
	int failed = 0;

	list->file = strdup(file);
	list->lines = json_object();
	if (!list->file || !list->lines)
		return rm_error_set(error, -ENOMEM, "out of memory");
	for (size_t number = 1; at < end && !failed; number++) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		const char *line = at, *stop = newline ? newline : end;
		size_t content = trim_line(&line, (size_t)(stop - at));

		if (content > 0)
			failed = add_id(list, line, content, number, error);
		at = stop + 1;
	}
	if (!failed && json_object_size(list->lines) == 0)
		return rm_error_set(error, -EINVAL,
		        "%.200s: no cell, expected at least one id, one per "
		        "line "
		        "(readmostly plan --cells)",
		        file);
	if (!failed && hash_ids(list))
		failed = rm_error_set(error, -ENOMEM, "out of memory");
	return failed;
}

int rm_cell_list_read(
        const char *file, struct rm_cell_list *list, struct rm_error *error)
{
	FILE *in = rm_file_open(file);
	char *text = NULL;
	size_t length = 0;
	int failed = in ? rm_file_read(in, file_most, &text, &length) : -errno;

	if (in)
		fclose(in);
	if (failed)
		return rm_error_set(error,
		        failed == -ENOENT || failed == -ENOMEM ? failed
		                                               : -EINVAL,
		        "%.200s: %s (`readmostly plan --cells` prints a list)",
		        file, rm_file_reason(failed));
	failed = rm_cell_list_parse(file, text, length, list, error);
	free(text);
	return failed;
}

void rm_cell_list_clear(struct rm_cell_list *list)
{
	free(list->file);
	json_decref(list->lines);
	*list = (struct rm_cell_list){ 0 };
}

/* Returns an index that maps each id, including the ids in plan.same, to the
   number of the cell that runs. NULL: no memory. */
static json_t *build_index(const struct rm_plan *plan)
{
	json_t *index = json_object();
	int failed = index ? 0 : -ENOMEM;

	for (size_t i = 0; i < plan->same_count && !failed; i++)
		failed = json_object_set_new(index, plan->same[i].id,
		        json_integer((json_int_t)plan->same[i].cell));
	for (size_t i = 0; i < plan->cell_count && !failed; i++)
		failed = json_object_set_new(index, plan->cells[i].cell.id,
		        json_integer((json_int_t)i));
	if (!failed)
		return index;
	json_decref(index);
	return NULL;
}

/* Marks the cells that are in the list. */
static int mark_named(
        const struct rm_planning *planning, const json_t *index, bool *kept)
{
	const struct rm_cell_list *list = planning->options->cells;
	const struct rm_plan *plan = planning->plan;
	const char *id;
	json_t *line;

	json_object_foreach (list->lines, id, line) {
		const json_t *at = json_object_get(index, id);

		if (!at)
			return rm_error_set(planning->error, -EINVAL,
			        "%.80s:%lld: the plan has no cell %.140s, "
			        "expected one of its %zu (readmostly plan "
			        "--cells), such as %.140s",
			        list->file, (long long)json_integer_value(line),
			        id, plan->cell_count, plan->cells[0].cell.id);
		kept[json_integer_value(at)] = true;
	}
	return 0;
}

/* Removes unmarked cells. For each kept cell i, stores its new index in
   places[i]. */
static void close_gaps(struct rm_plan *plan, const bool *kept, size_t *places)
{
	size_t cells = 0, same = 0;

	for (size_t i = 0; i < plan->cell_count; i++) {
		places[i] = cells;
		if (kept[i])
			plan->cells[cells++] = plan->cells[i];
		else
			rm_cell_clear(&plan->cells[i].cell);
	}
	for (size_t i = 0; i < plan->same_count; i++) {
		struct rm_plan_duplicate *entry = &plan->same[i];

		if (!kept[entry->cell])
			continue;
		entry->cell = places[entry->cell];
		plan->same[same++] = *entry;
	}
	plan->cell_count = cells;
	plan->same_count = same;
}

int rm_plan_restrict(struct rm_planning *planning)
{
	struct rm_plan *plan = planning->plan;
	bool *kept = calloc(plan->cell_count, sizeof(*kept));
	size_t *places = calloc(plan->cell_count, sizeof(*places));
	json_t *index = build_index(plan);
	int failed = -ENOMEM;

	if (kept && places && index)
		failed = mark_named(planning, index, kept);
	else
		rm_error_set(planning->error, failed, "out of memory");
	if (!failed)
		close_gaps(plan, kept, places);
	json_decref(index);
	free(kept);
	free(places);
	return failed;
}

static bool is_verification(
        const struct rm_cell *verify, const struct rm_cell *timed)
{
	return verify->measure == RM_MEASURE_VERIFY &&
	       timed->measure != RM_MEASURE_VERIFY && !timed->skip[0] &&
	       verify->write_kind == timed->write_kind &&
	       !strcmp(verify->map, timed->map) &&
	       !strcmp(rm_cell_shape_name(verify), rm_cell_shape_name(timed));
}

const struct rm_cell *rm_plan_verification(
        const struct rm_plan *plan, const struct rm_cell *cell)
{
	for (size_t i = 0; i < plan->cell_count; i++)
		if (is_verification(&plan->cells[i].cell, cell))
			return &plan->cells[i].cell;
	return NULL;
}
