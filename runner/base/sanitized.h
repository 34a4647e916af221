/* SPDX-License-Identifier: Apache-2.0 */
/* sanitized.h - detects a build with a sanitizer. Sanitizers delay signals,
   replace parts of the map's code, or scan all memory for leaks. */
#ifndef RM_SANITIZED_H
#define RM_SANITIZED_H

#include <stdbool.h>

#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
#define RM_SANITIZED true
#elif defined(__has_feature)
#define RM_SANITIZED \
	(__has_feature(thread_sanitizer) || __has_feature(address_sanitizer))
#else
#define RM_SANITIZED false
#endif

static inline bool rm_sanitized(void)
{
	return RM_SANITIZED;
}

#endif /* RM_SANITIZED_H */
