/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/number.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The unit multiplies a number by factor * 10^exponent. */
struct unit {
	const char *name;
	int exponent;
	double factor;
};

static const struct unit count_units[] = { { "", 0, 1 }, { "k", 3, 1 },
	{ "M", 6, 1 }, { "Ki", 0, 1024 }, { "Mi", 0, 1048576 },
	{ "Gi", 0, 1073741824 }, { NULL, 0, 0 } };
static const struct unit time_units[] = { { "ns", 0, 1 }, { "us", 3, 1 },
	{ "ms", 6, 1 }, { "s", 9, 1 }, { "min", 9, 60 }, { "h", 9, 3600 },
	{ NULL, 0, 0 } };
static const struct unit rate_units[] = { { "/s", 0, 1 }, { "k/s", 3, 1 },
	{ "M/s", 6, 1 }, { NULL, 0, 0 } };

/* Maximum number of digits; a double cannot represent more. */
enum { DIGITS = 20 };

/* Reads the number digits[.digits] at *text and multiplies it by 10^exponent.
   Returns the double nearest to the exact product, not a product of two rounded
   values. */
static int read_scaled(const char **text, int exponent, double *value)
{
	size_t whole = strspn(*text, "0123456789");
	size_t length = whole;
	char copy[2 * DIGITS + 8];

	if (whole == 0 || whole > DIGITS)
		return -EINVAL;
	if ((*text)[length] == '.') {
		size_t part = strspn(*text + length + 1, "0123456789");

		if (part == 0 || part > DIGITS)
			return -EINVAL;
		length += 1 + part;
	}
	snprintf(copy, sizeof(copy), "%.*se%d", (int)length, *text, exponent);
	*value = strtod(copy, NULL);
	*text += length;
	return 0;
}

int rm_number_read(const char **text, double *value)
{
	return read_scaled(text, 0, value);
}

const char *rm_number_hint(const char *text)
{
	const char *end = text + strspn(text, "0123456789.");

	if (end == text || (*end != 'e' && *end != 'E'))
		return "";
	end += 1 + (end[1] == '+' || end[1] == '-');
	return *end >= '0' && *end <= '9' ? ", without an exponent" : "";
}

static int read_unit(const char *text, const struct unit *units, double *value)
{
	const char *unit = text;
	double number;

	if (rm_number_read(&unit, &number))
		return -EINVAL;
	while (units->name && strcmp(unit, units->name))
		units++;
	if (!units->name || read_scaled(&text, units->exponent, &number))
		return -EINVAL;
	*value = number * units->factor;
	return 0;
}

/* Rejects values above 2^53, since JSON readers store numbers as doubles, which
   cannot represent every larger integer. */
static int read_whole(
        const char *text, const struct unit *units, uint64_t *value)
{
	double number;

	if (read_unit(text, units, &number) || number != floor(number) ||
	        number > 0x1p53)
		return -EINVAL;
	*value = (uint64_t)number;
	return 0;
}

int rm_number_share(const char *text, double *value)
{
	double share;

	if (read_scaled(&text, -2, &share) || strcmp(text, "%") || share > 1)
		return -EINVAL;
	*value = share;
	return 0;
}

int rm_number_count(const char *text, uint64_t *value)
{
	return read_whole(text, count_units, value);
}

int rm_number_time(const char *text, uint64_t *value)
{
	uint64_t time;

	if (read_whole(text, time_units, &time) || time == 0)
		return -EINVAL;
	*value = time;
	return 0;
}

int rm_number_rate(const char *text, double *value)
{
	double rate;

	if (read_unit(text, rate_units, &rate) || rate <= 0)
		return -EINVAL;
	*value = rate;
	return 0;
}

int rm_number_integer(const char *text, uint64_t *value)
{
	uint64_t number;

	if (strspn(text, "0123456789") != strlen(text) ||
	        rm_number_count(text, &number) || number > UINT32_MAX)
		return -EINVAL;
	*value = number;
	return 0;
}

void rm_number_text(double value, int exponent, char *text, size_t size)
{
	char shortest[32];
	int digits = 0;

	do
		snprintf(shortest, sizeof(shortest), "%.*e", digits, value);
	while (strtod(shortest, NULL) != value && ++digits <= 16);

	char *power = strchr(shortest, 'e');
	int moved = atoi(power + 1) + exponent, decimals = digits - moved;

	/* Writes the exponent as text. A multiplication would round, so that
	   the text could read back as a different double. */
	snprintf(power, sizeof("e-324"), "e%d", moved);
	snprintf(text, size, "%.*Lf", decimals > 0 ? decimals : 0,
	        strtold(shortest, NULL));
}
