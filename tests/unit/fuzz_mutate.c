/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_mutate.c - see fuzz_mutate.h. */
#include "tests/unit/fuzz_mutate.h"

#include "runner/base/rng.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MUTATIONS = 6, SPAN_BYTES = 16, WORDS_ONLY = 40, BYTES_ONLY = 200 };

/* Numbers around the limits of the types that readers use. */
static const char *const numbers[] = { "0", "1", "-1", "-0", "00", "0.0",
	"-0.0", "0x10", "1e0", "1e3", "1e308", "1e-320", "1e999", "nan", "inf",
	"127", "128", "255", "256", "4095", "4096", "4097", "32767", "32768",
	"65535", "65536", "1000000", "1000001", "2147483647", "2147483648",
	"-2147483648", "-2147483649", "4294967295", "4294967296",
	"9007199254740991", "9007199254740992", "9007199254740993",
	"9223372036854775807", "9223372036854775808", "-9223372036854775808",
	"-9223372036854775809", "18446744073709551615", "18446744073709551616",
	"99999999999999999999999999", "0.5", "0.999999999999999999", "1.5",
	"0.1e1", "100", "101" };

enum { NUMBERS = sizeof(numbers) / sizeof(*numbers) };

struct span {
	size_t at, length;
};

uint64_t fuzz_below(struct fuzz_input *input, uint64_t n)
{
	return rm_below(rm_next(&input->rng), n);
}

static size_t below(struct fuzz_input *input, size_t n)
{
	return (size_t)fuzz_below(input, n);
}

static bool in_token(char byte)
{
	return isalnum((unsigned char)byte) || (byte && strchr("_-+.%", byte));
}

/* Returns the word, number or single byte around `at`. */
static struct span token_at(const char *text, size_t length, size_t at)
{
	size_t end = at + 1;

	if (at < length && in_token(text[at])) {
		while (at > 0 && in_token(text[at - 1]))
			at--;
		while (end < length && in_token(text[end]))
			end++;
	}
	return (struct span){ at, end - at };
}

/* Returns the line around `at` with its newline. */
static struct span line_at(const char *text, size_t length, size_t at)
{
	size_t end = at;

	while (at > 0 && text[at - 1] != '\n')
		at--;
	while (end < length && text[end] != '\n')
		end++;
	end += end < length;
	return (struct span){ at, end - at };
}

static size_t string_end(const char *text, size_t length, size_t at)
{
	for (at++; at < length && text[at] != '"'; at++)
		at += text[at] == '\\';
	return at < length ? at + 1 : length;
}

/* Returns the value that begins at `at`: a quoted text, a whole bracket, or a
   token. */
static struct span value_at(const char *text, size_t length, size_t at)
{
	size_t begin = at, depth = 0;

	if (at >= length || !strchr("\"[{(<", text[at]) || !text[at])
		return token_at(text, length, at);
	do {
		if (text[at] == '"') {
			at = string_end(text, length, at);
			continue;
		}
		depth += text[at] && strchr("[{(<", text[at]) != NULL;
		depth -= depth && text[at] && strchr("]})>", text[at]) != NULL;
		at++;
	} while (depth && at < length);
	return (struct span){ begin, at - begin };
}

/* Returns the next value from `at` on. */
static struct span next_value(const char *text, size_t length, size_t at)
{
	while (at < length && text[at] && strchr(" \t\n,:=]})", text[at]))
		at++;
	return value_at(text, length, at < length ? at : 0);
}

/* Returns the next "NAME": VALUE or NAME = VALUE with its comma. The text stays
   valid if this span is removed or copied. */
static struct span member_at(const char *text, size_t length, size_t at)
{
	size_t colon = at, begin, end;

	while (colon < length && text[colon] != ':')
		colon++;
	if (colon == length || colon == 0)
		return line_at(text, length, at);
	begin = colon;
	if (text[colon - 1] == '"')
		for (begin--; begin > 0 && text[begin - 1] != '"';)
			begin--;
	begin -= begin > 0;
	struct span value = next_value(text, length, colon + 1);

	end = value.at + value.length;
	if (end <= begin)
		return token_at(text, length, at);
	if (end < length && text[end] == ',')
		end++;
	else if (begin > 0 && text[begin - 1] == ',')
		begin--;
	return (struct span){ begin, end - begin };
}

/* Returns a part of the input that a reader would treat as a unit. */
static struct span pick(
        struct fuzz_input *input, const char *text, size_t length)
{
	size_t at = below(input, length);
	struct span span = { at, 0 };

	if (!length)
		return span;
	switch (below(input, 8)) {
	case 0:
		span.length = 1 + below(input, SPAN_BYTES);
		break;
	case 1:
		span = line_at(text, length, at);
		break;
	case 2:
	case 3:
		span = next_value(text, length, at);
		break;
	case 4:
	case 5:
		span = member_at(text, length, at);
		break;
	default:
		span = token_at(text, length, at);
	}
	if (span.length > length - span.at)
		span.length = length - span.at;
	return span;
}

/* Replaces a span with `length` bytes, if they fit. The bytes must not be part
   of the input. */
static void replace(struct fuzz_input *input, struct span replaced,
        const char *bytes, size_t length)
{
	char *at = input->text + replaced.at;

	if (input->length - replaced.length + length > FUZZ_BYTES)
		return;
	memmove(at + length, at + replaced.length,
	        input->length - replaced.at - replaced.length);
	memcpy(at, bytes, length);
	input->length += length;
	input->length -= replaced.length;
}

static void replace_by_text(
        struct fuzz_input *input, struct span replaced, const char *text)
{
	replace(input, replaced, text, strlen(text));
}

/* Copies a part in front of another one, or after itself. */
static void copy_part(struct fuzz_input *input)
{
	struct span part = pick(input, input->text, input->length);
	struct span to = { part.at + part.length, 0 };
	char copy[FUZZ_BYTES];

	if (below(input, 2))
		to.at = pick(input, input->text, input->length).at;
	memcpy(copy, input->text + part.at, part.length);
	replace(input, to, copy, part.length);
}

static void splice_part(
        struct fuzz_input *input, const struct fuzz_corpus *corpus)
{
	size_t seed = below(input, corpus->seed_count);
	struct span from =
	        pick(input, corpus->seeds[seed], corpus->seed_bytes[seed]);
	struct span to = pick(input, input->text, input->length);

	replace(input, to, corpus->seeds[seed] + from.at, from.length);
}

static void splice_end(
        struct fuzz_input *input, const struct fuzz_corpus *corpus)
{
	size_t seed = below(input, corpus->seed_count);
	struct span from =
	        pick(input, corpus->seeds[seed], corpus->seed_bytes[seed]);
	size_t cut = pick(input, input->text, input->length).at;

	replace(input, (struct span){ cut, input->length - cut },
	        corpus->seeds[seed] + from.at,
	        corpus->seed_bytes[seed] - from.at);
}

/* Changes the next number to a limit, increments or decrements it, or appends a
   digit. */
static void change_number(struct fuzz_input *input)
{
	size_t at = below(input, input->length), digits = 0;
	char number[32];

	while (at < input->length && !isdigit((unsigned char)input->text[at]))
		at++;
	while (at + digits < input->length && digits < 20 &&
	        isdigit((unsigned char)input->text[at + digits]))
		digits++;
	snprintf(number, sizeof(number), "%.*s", (int)digits, input->text + at);
	uint64_t value = strtoull(number, NULL, 10);

	switch (below(input, 4)) {
	case 0:
		value++;
		break;
	case 1:
		value--;
		break;
	case 2:
		value *= 10;
		break;
	default:
		replace_by_text(input, (struct span){ at, digits },
		        numbers[below(input, NUMBERS)]);
		return;
	}
	snprintf(number, sizeof(number), "%lld", (long long)value);
	replace_by_text(input, (struct span){ at, digits }, number);
}

static void change_byte(struct fuzz_input *input)
{
	struct span at = { below(input, input->length), 0 };
	char byte = (char)below(input, 256);

	switch (below(input, 3)) {
	case 0:
		if (input->length)
			input->text[at.at] ^= (char)(1 << below(input, 8));
		return;
	case 1:
		if (input->length)
			input->text[at.at] = byte;
		return;
	default:
		replace(input, at, &byte, 1);
	}
}

static void mutate(struct fuzz_input *input, const struct fuzz_corpus *corpus)
{
	const char *word = corpus->words[below(input, corpus->word_count)];
	struct span part = pick(input, input->text, input->length);

	switch (below(input, 12)) {
	case 0:
	case 1:
		change_byte(input);
		return;
	case 2:
	case 3:
		change_number(input);
		return;
	case 4:
		replace_by_text(input, part, "");
		return;
	case 5:
		copy_part(input);
		return;
	case 6:
	case 7:
		splice_part(input, corpus);
		return;
	case 8: /* rarely: removes the end, or takes it from another file */
		if (below(input, 2))
			splice_end(input, corpus);
		else if (!below(input, 8))
			input->length = part.at;
		return;
	case 9:
		part.length = 0;
		replace_by_text(input, part, word);
		return;
	default: /* replaces one word with another, since the result is most
	            likely to be accepted */
		replace_by_text(input, part, word);
	}
}

void fuzz_make(const struct fuzz_corpus *corpus, uint64_t seed, uint64_t number,
        struct fuzz_input *input)
{
	input->rng = rm_seed(seed, number);
	size_t file = below(input, corpus->seed_count), kind, count;

	kind = below(input, 16);
	count = 1 + below(input, 1 + below(input, MUTATIONS));
	input->length = 0;
	if (kind > 1) {
		input->length = corpus->seed_bytes[file];
		memcpy(input->text, corpus->seeds[file], input->length);
	} else if (kind == 1) {
		for (size_t i = below(input, WORDS_ONLY); i; i--)
			replace_by_text(input,
			        (struct span){ below(input, input->length), 0 },
			        corpus->words[below(
			                input, corpus->word_count)]);
	} else {
		for (size_t i = below(input, BYTES_ONLY); i; i--)
			input->text[input->length++] = (char)below(input, 256);
	}
	while (count--)
		mutate(input, corpus);
}
