/* SPDX-License-Identifier: Apache-2.0 */
/* argument.c - parses command-line arguments: numbers, shapes, and arguments
   that may be given once. */
#include "runner/base/nearest.h"
#include "runner/base/number.h"
#include "runner/protocol/command_line.h"
#include "runner/protocol/protocol.h"

#include <argp.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* True if the text is an option or the beginning of one. Offers the names of
   all options to `nearest`. */
static bool offer_options(const struct argp *argp, struct rm_nearest *nearest)
{
	const struct argp_option *option = argp->options;
	const struct argp_child *child = argp->children;
	bool known = false;

	for (; option && (option->name || option->key || option->doc); option++)
		if (option->name) {
			known |= !strncmp(option->name, nearest->word,
			        strlen(nearest->word));
			rm_nearest_offer(nearest, option->name);
		}
	for (; child && child->argp; child++)
		known |= offer_options(child->argp, nearest);
	return known;
}

/* Prints a suggestion before argp_parse() prints its error and exits. */
int rm_argument_parse(
        const struct argp *argp, int argc, char **argv, void *input)
{
	for (int i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		char word[RM_NEAREST_BYTES_MAX + 1];
		struct rm_nearest nearest = { .word = word };

		if (strncmp(argv[i], "--", 2))
			continue;
		snprintf(word, sizeof(word), "%.*s",
		        (int)strcspn(argv[i] + 2, "="), argv[i] + 2);
		if (!offer_options(argp, &nearest) &&
		        rm_nearest_hint(&nearest)[0])
			fprintf(stderr, "%s: --%s: did you mean --%s?\n",
			        argv[0], word, nearest.name);
	}
	return argp_parse(argp, argc, argv, 0, NULL, input);
}

uint64_t rm_argument_number(struct argp_state *state, const char *option,
        const char *text, uint64_t low, uint64_t high)
{
	uint64_t value = 0;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	/* strtoull() reads seeds, which may exceed 2^53. It also accepts signs
	   and spaces, so the first character is checked. rm_number_count()
	   reads numbers with a unit, and is exact up to 2^53. */
	if (text[0] < '0' || text[0] > '9' || errno || *end)
		errno = -rm_number_count(text, &value);
	if (errno || value < low || value > high)
		argp_error(state,
		        "--%s \"%s\": expected a number from %llu to %llu%s",
		        option, text, (unsigned long long)low,
		        (unsigned long long)high, rm_number_hint(text));
	return value;
}

void rm_argument_shape(
        struct argp_state *state, const char *text, struct rm_shape *shape)
{
	if (rm_shape_parse(text, shape))
		argp_error(state,
		        "--shape \"%s\": expected u64x8, u64x24, str16x8 or "
		        "str16x24",
		        text);
}

void rm_argument_set_once(struct argp_state *state, const char **slot,
        char *text, const char *what)
{
	if (*slot)
		argp_error(state, "\"%s\": expected one %s", text, what);
	*slot = text;
}
