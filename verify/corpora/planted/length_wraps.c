/* SPDX-License-Identifier: Apache-2.0 */
/* length_wraps.c - the length of a string key is stored in 16 bits. */
#ifndef PLANTED_ID
#define PLANTED_ID length_wraps
#endif
#include "verify/corpora/planted/chained.h"

static size_t short_length(struct rm_key key)
{
	return twin ? key.length : (uint16_t)key.length;
}

#define CHAINED_LENGTH short_length
#include "verify/corpora/planted/chained_impl.h"
