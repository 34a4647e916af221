/* SPDX-License-Identifier: Apache-2.0 */
/* loop_text.h - how the text of a loop reads. */
#ifndef RM_TEST_LOOP_TEXT_H
#define RM_TEST_LOOP_TEXT_H

#include "runner/protocol/protocol.h"

#include <string.h>

/* Whether a text is understood, and is this one when it is written again. */
static inline bool reads_as(const char *text, const char *expected)
{
	struct rm_loop loop;
	char back[RM_LOOP_BYTES];

	return !rm_loop_parse(text, &loop) &&
	       !strcmp(rm_loop_text(&loop, back), expected);
}

#endif /* RM_TEST_LOOP_TEXT_H */
