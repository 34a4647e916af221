/* SPDX-License-Identifier: Apache-2.0 */
/* number.h - parses and formats numbers with units. */
#ifndef RM_NUMBER_H
#define RM_NUMBER_H

#include <stddef.h>
#include <stdint.h>

/* Reads a plain decimal ("12", "0.5"; no sign, exponent, hex, inf or nan) at
   *text and advances *text. Returns 0, or -EINVAL and leaves *text
   unchanged. */
int rm_number_read(const char **text, double *value);

/* The next functions parse the whole text. They return 0, or -EINVAL and leave
   *value unchanged. */

/* For messages: ", without an exponent" if the text is a number with one, such
   as "1e3ms"; else "". */
const char *rm_number_hint(const char *text);

/* "3%", "0.1%", "100%": 0 to 1. */
int rm_number_share(const char *text, double *value);
/* "1000", "10k", "64Ki", "1.5Mi", "2Gi": an integer up to 2^53. */
int rm_number_count(const char *text, uint64_t *value);
/* "10us", "200ms", "1s", "5min", "1h": integer number of ns, above 0. */
int rm_number_time(const char *text, uint64_t *value);
/* "80/s", "10k/s": rate per second, above 0. */
int rm_number_rate(const char *text, double *value);
/* "0", "12": a plain integer up to UINT32_MAX. */
int rm_number_integer(const char *text, uint64_t *value);

/* Formats value * 10^exponent (exponent 0, or 2 for percent, without the sign)
   with the fewest digits that read back as the same double; no exponent.
   Truncates to `size`. */
void rm_number_text(double value, int exponent, char *text, size_t size);

#endif /* RM_NUMBER_H */
