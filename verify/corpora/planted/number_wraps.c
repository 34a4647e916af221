/* SPDX-License-Identifier: Apache-2.0 */
/* number_wraps.c - like generation_wraps.c, but an entry is used unless the
 * number of writes, in 16 bits, is greater than the stored one. So the entry is
 * wrong after the number wraps. */
#ifndef PLANTED_ID
#define PLANTED_ID number_wraps
#endif
#define IS_CURRENT(seen, now) ((uint16_t)(seen) >= (uint16_t)(now))
#include "verify/corpora/planted/generation_wraps.c"
