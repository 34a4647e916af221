/* SPDX-License-Identifier: Apache-2.0 */
/* memory_limit.c - how much a trial may allocate on this machine. */
#include "runner/base/memory.h"
#include "runner/campaign/launch.h"

#include <sys/resource.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SANITIZED = 1 };
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif
#else
enum { SANITIZED = 0 };
#endif

/* Address space that the C library takes for one thread's stack. */
static uint64_t stack_bytes(void)
{
	struct rlimit limit;
	const uint64_t usual_bytes = 8 << 20;

	if (getrlimit(RLIMIT_STACK, &limit) || limit.rlim_cur == RLIM_INFINITY)
		return usual_bytes;
	return limit.rlim_cur;
}

uint64_t rm_memory_limit(unsigned threads)
{
	uint64_t available_bytes = rm_memory_available_bytes();

	if (SANITIZED || !available_bytes)
		return 0;
	return available_bytes / 2 + threads * stack_bytes();
}
