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

/* Each of the next functions parses the whole text. It returns 0, or -EINVAL
 * and leaves *value unchanged. */

/* Returns ", without an exponent" if the text is a number with an exponent,
   such as "1e3ms", otherwise "". For messages. */
const char *rm_number_hint(const char *text);

/* Accepts "3%", "0.1%", "100%". Stores 0 to 1. */
int rm_number_share(const char *text, double *value);
/* Accepts "1000", "10k", "64Ki", "1.5Mi", "2Gi". Stores an integer up to
   2^53. */
int rm_number_count(const char *text, uint64_t *value);
/* Accepts "10us", "200ms", "1s", "5min", "1h". Stores a positive integer number
   of ns. */
int rm_number_time(const char *text, uint64_t *value);
/* Accepts "80/s", "10k/s". Stores a positive rate per second. */
int rm_number_rate(const char *text, double *value);
/* Accepts "0", "12". Stores an integer up to UINT32_MAX. */
int rm_number_integer(const char *text, uint64_t *value);

/* Formats value * 10^exponent with the fewest digits that read back as the same
   double, and without an exponent. `exponent` is 0, or 2 for percent (no sign
   is added). Truncates to `size`. */
void rm_number_text(double value, int exponent, char *text, size_t size);

#endif /* RM_NUMBER_H */
