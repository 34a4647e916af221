/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - reads optional members, and stores numbers that may be unknown. */
#ifndef RM_JSON_H
#define RM_JSON_H

#include <jansson.h>

/* Returns the string member `key`; "" if it is missing or not a string. The
   object owns the string. */
static inline const char *rm_json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Returns the integer member `key`; 0 if it is missing or not an integer. */
static inline json_int_t rm_json_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Returns a new JSON real; null for NaN and infinity, which JSON cannot
   store. */
static inline json_t *rm_json_real(double value)
{
	return __builtin_isfinite(value) ? json_real(value) : json_null();
}

/* Like rm_json_real(), but also returns null for a negative value. */
static inline json_t *rm_json_share(double value)
{
	return rm_json_real(value < 0 ? __builtin_nan("") : value);
}

#endif /* RM_JSON_H */
