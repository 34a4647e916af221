/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - reads members of a JSON object that may be missing. */
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

#endif /* RM_JSON_H */
