/* SPDX-License-Identifier: Apache-2.0 */
/* thread_local.h - static and thread-local objects of explored libraries.
   Inside verify/explore only. */
#ifndef RM_EXPLORE_THREAD_LOCAL_H
#define RM_EXPLORE_THREAD_LOCAL_H

/* Called when the running lane ends: runs the destructors of its thread-local
   objects, last first, and frees its variables. At the end of the main thread,
   destructors of static objects run, too. */
void rm_explore_locals_end(void);

#endif /* RM_EXPLORE_THREAD_LOCAL_H */
