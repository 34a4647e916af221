/* SPDX-License-Identifier: Apache-2.0 */
/* json.h - members of a JSON object that may not be there. */
#ifndef RM_JSON_H
#define RM_JSON_H

#include <jansson.h>

/* Text of the member `key`; "" where it is absent or no text. Borrowed. */
static inline const char *rm_json_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

/* Whole number of the member `key`; 0 where it is absent or no integer. */
static inline json_int_t rm_json_whole(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

#endif /* RM_JSON_H */
