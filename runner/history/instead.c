/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/history/instead.h"
#include "runner/history/words.h"

#include <stdio.h>
#include <string.h>

enum { ANSWERS_MAX = 256, ANSWERS_SHOWN = 6 };

/* Notes an answer that would have been possible, or "..." for the rest. */
static void note_answer(
        struct rm_instead *instead, const char *answer, unsigned number)
{
	char *text = instead->text;
	size_t size = instead->size, used = strlen(text);

	if (number > ANSWERS_SHOWN)
		return;
	snprintf(text + used, size - used, "%s%s", number ? ", " : "",
	        number == ANSWERS_SHOWN ? "..." : answer);
}

/* Whether the offending operation could have answered this. */
static bool could_answer(
        struct rm_instead *instead, bool there, uint64_t result)
{
	struct rm_problem_op *op = instead->cut->ops + instead->cut->offending;
	struct rm_problem_op before = *op;

	op->there = there;
	op->result = result;
	enum rm_search_end end = rm_cut_decide(instead->cut);

	*op = before;
	return end == RM_POSSIBLE;
}

/* Of operations that answer yes or no. */
static void find_other_word(struct rm_instead *instead)
{
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;

	if (op->kind == RM_HISTORY_CLEAR ||
	        (op->unknown & RM_HISTORY_UNKNOWN_THERE))
		return;
	if (could_answer(instead, !op->there, op->result))
		note_answer(instead, rm_words_there(op->kind, !op->there), 0);
}

/* Of operations that answer a value, or a number of entries. */
static void find_other_values(struct rm_instead *instead)
{
	const struct rm_problem *whole = instead->cut->whole;
	const struct rm_history *names = instead->names;
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;
	bool length = op->kind == RM_HISTORY_LENGTH;
	size_t count = length ? whole->keys + 1 : whole->slot_count;
	unsigned found = 0;
	char text[64];

	if (count > ANSWERS_MAX)
		count = ANSWERS_MAX;
	if (!length && could_answer(instead, false, 0))
		note_answer(instead, rm_words_there(op->kind, false), found++);
	for (size_t i = 0; i < count; i++) {
		uint64_t value = length ? i : whole->slots[i].value;

		if ((!length && (!whole->slots[i].writers ||
		                        whole->slots[i].key != op->key)) ||
		        !could_answer(instead, true, value))
			continue;
		rm_words_value(names, value, length, text, sizeof(text));
		note_answer(instead, text, found++);
	}
}

/* What else it could have been answered, all operations before it kept. */
void rm_instead_find(struct rm_instead *instead)
{
	const struct rm_problem_op *op =
	        instead->cut->ops + instead->cut->offending;

	instead->text[0] = '\0';
	if (op->kind == RM_HISTORY_LENGTH || rm_problem_shows_value(op))
		find_other_values(instead);
	else if (op->kind != RM_HISTORY_SCAN)
		find_other_word(instead);
}
