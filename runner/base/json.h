/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - reads members that may be missing, and stores numbers that may be
   unknown. */
#ifndef RM_JSON_H
#define RM_JSON_H

#include <jansson.h>

/* String of the member `key`; "" if it is missing or not a string. Borrowed. */
static inline const char *rm_json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Integer of the member `key`; 0 if it is missing or not an integer. */
static inline json_int_t rm_json_integer(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* A real, or null for NaN and infinity, which JSON cannot store and for which
   json_real() returns NULL. A new reference. */
static inline json_t *rm_json_real(double value)
{
	return __builtin_isfinite(value) ? json_real(value) : json_null();
}

/* Like rm_json_real(), but a negative value is unknown, too. */
static inline json_t *rm_json_share(double value)
{
	return rm_json_real(value < 0 ? __builtin_nan("") : value);
}

#endif /* RM_JSON_H */
