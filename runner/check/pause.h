/* SPDX-License-Identifier: Apache-2.0 */
/* pause.h - what RM_PAUSE() of runner/map.h does in a check. */
#ifndef RM_CHECK_PAUSE_H
#define RM_CHECK_PAUSE_H

#include <stdint.h>

/* From now on this thread's pauses take time, chosen by `seed`; 0: none. */
void rm_pause_seed(uint64_t seed);

#endif /* RM_CHECK_PAUSE_H */
