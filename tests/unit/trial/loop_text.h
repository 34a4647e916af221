/* SPDX-License-Identifier: Apache-2.0 */
/* loop_text.h - parses and writes the names of loops. */
#ifndef RM_TEST_LOOP_TEXT_H
#define RM_TEST_LOOP_TEXT_H

#include "runner/protocol/protocol.h"

#include <string.h>

/* True if a text can be parsed and is then written as expected. */
static inline bool reads_as(const char *text, const char *expected)
{
	struct rm_loop loop;
	char back[RM_LOOP_BYTES];

	return !rm_loop_parse(text, &loop) &&
	       !strcmp(rm_loop_text(&loop, back), expected);
}

#endif /* RM_TEST_LOOP_TEXT_H */
