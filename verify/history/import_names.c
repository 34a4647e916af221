/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import_names.c - assigns numbers to the keys and values of other projects,
 * which are texts. The numbers are hashes. The hash of joined texts can be
 * computed from the hashes of the parts.
 */
#include "runner/base/rng.h"
#include "verify/history/import.h"
#include "verify/history/judging.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Texts that are never joined get numbers above this bit, which integers do not
 * use. */
static const uint64_t text_bit = (uint64_t)1 << 62;
/* Integers below this are used as their own numbers. */
static const uint64_t integer_max = ((uint64_t)1 << 61) - 1;
/* Base of the hash of texts: any number below 2^61 - 1. Two texts of n bytes
   have the same number with a probability of about n / 2^61. */
static const uint64_t base = 0x16a09e667f3bcc9U;

/* Returns a hash that append can compute: for joined texts it is the hash of
   the first text times base to the power of the second text's length, plus the
   hash of the second text. */
static uint64_t hash(const char *text)
{
	uint64_t number = 0;

	for (; *text; text++)
		number = rm_problem_append(
		        number, base, (unsigned char)*text + 1U);
	return number;
}

uint64_t rm_import_factor(const char *text)
{
	uint64_t factor = 1;

	for (; *text; text++)
		factor = rm_problem_append(factor, base, 0);
	return factor;
}

/* Open addressing, at most half full, keyed by the number itself. Numbers are
   never removed, so slots need no marks. */
static int grow(struct rm_import_numbers *seen)
{
	struct rm_import_numbers bigger = { .size = seen->size ? 2 * seen->size
		                                               : 64 };

	bigger.numbers = calloc(bigger.size, sizeof(*bigger.numbers));
	if (!bigger.numbers)
		return -ENOMEM;
	for (size_t i = 0; i < seen->size; i++) {
		size_t at = rm_seed(seen->numbers[i], 0) & (bigger.size - 1);

		if (!seen->numbers[i])
			continue;
		while (bigger.numbers[at])
			at = (at + 1) & (bigger.size - 1);
		bigger.numbers[at] = seen->numbers[i];
	}
	free(seen->numbers);
	seen->numbers = bigger.numbers;
	seen->size = bigger.size;
	return 0;
}

/* Adds a number. Returns 1 if it is new, 0 if it was already present, or
 * -ENOMEM. */
static int add_number(struct rm_import_numbers *seen, uint64_t number)
{
	size_t at;

	if (2 * seen->count >= seen->size && grow(seen))
		return -ENOMEM;
	at = rm_seed(number + 1, 0) & (seen->size - 1);
	for (; seen->numbers[at]; at = (at + 1) & (seen->size - 1))
		if (seen->numbers[at] == number + 1)
			return 0;
	seen->numbers[at] = number + 1;
	seen->count++;
	return 1;
}

/* True if an integer is used as its own number. */
static bool is_number(const struct rm_edn *edn, uint64_t *number)
{
	if (edn->kind != RM_EDN_INTEGER || edn->text[0] == '-')
		return false;
	errno = 0;
	*number = strtoull(edn->text, NULL, 10);
	return errno == 0 && *number < integer_max;
}

/* True for an atom in UTF-8, since names are written as JSON. */
static bool has_text(const struct rm_edn *edn)
{
	json_t *probe = NULL;

	if (edn->kind == RM_EDN_INTEGER)
		return true;
	if (edn->kind == RM_EDN_STRING || edn->kind == RM_EDN_KEYWORD ||
	        edn->kind == RM_EDN_OTHER)
		probe = json_string(edn->text);
	json_decref(probe);
	return probe != NULL;
}

int rm_import_key(
        struct rm_import *import, const struct rm_edn *edn, uint64_t *number)
{
	int is_new;

	if (!has_text(edn))
		return rm_text_error(&import->place,
		        "a key, expected a number or a text in UTF-8");
	if (!is_number(edn, number))
		*number = hash(edn->text) | text_bit;
	is_new = add_number(&import->keys, *number);
	if (is_new > 0 && (*number & text_bit) &&
	        rm_history_name_key(import->history, *number, edn->text))
		return -ENOMEM;
	/* texts start empty, and the empty text has number 0 */
	if (is_new > 0 && import->texts &&
	        (rm_history_add_initial(import->history, *number, 0)))
		return -ENOMEM;
	return is_new < 0 ? is_new : 0;
}

int rm_import_value(
        struct rm_import *import, const struct rm_edn *edn, uint64_t *number)
{
	int is_new;
	char *quoted;
	size_t size;

	if (!has_text(edn) || (import->texts && edn->kind != RM_EDN_STRING))
		return rm_text_error(&import->place,
		        import->texts
		                ? "a value, expected a text in UTF-8"
		                : "a value, expected a number or a text in "
		                  "UTF-8");
	if (!import->texts && is_number(edn, number))
		return 0;
	*number = hash(edn->text) | (import->texts ? 0 : text_bit);
	is_new = add_number(&import->values, *number);
	if (is_new <= 0)
		return is_new;
	size = strlen(edn->text) + 3;
	quoted = malloc(size);
	if (!quoted)
		return -ENOMEM;
	snprintf(quoted, size, "'%s'", edn->text);
	is_new = rm_history_name_value(import->history, *number, quoted);
	free(quoted);
	return is_new;
}
