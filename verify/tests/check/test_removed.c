/* SPDX-License-Identifier: Apache-2.0 */
/* test_removed.c - tests the check `removed`: memory of a map that inserts new
 * keys and removes old ones. Clock and allocator are simulated. */
#include "runner/base/clock.h"

#include <malloc.h>
#include <stdbool.h>

static size_t allocated[3]; /* the allocator's results; the last one repeats */
static unsigned info_calls;
static uint64_t clock_ns;

static struct mallinfo2 mock_info(void)
{
	const unsigned at = info_calls < 2 ? info_calls : 2;

	info_calls++;
	return (struct mallinfo2){ .uordblks = allocated[at] };
}

static uint64_t mock_now(void)
{
	return clock_ns += 1000000;
}

static void mock_sleep(uint64_t until_ns)
{
	clock_ns = until_ns;
}

/* Includes the code under test with these replacements, so its object is not
 * linked. */
#define rm_now_ns      mock_now
#define rm_sleep_until mock_sleep
#define mallinfo2()    mock_info()
#include "verify/check/removed.c"
#undef rm_now_ns
#undef rm_sleep_until
#undef mallinfo2

#include "tests/unit/tap.h"
#include "verify/tests/check/mock_map.h"

static struct rm_error error;

static int run(unsigned caps, size_t first, size_t second, size_t last)
{
	const struct rm_impl impl = { .id = "mock",
		.sync = "mutex",
		.caps = caps,
		.guarantees = "none",
		.ops = &mock_ops };
	const struct rm_check_case c = { .impl = &impl,
		.shape = RM_U64X8,
		.seed = 2,
		.ops = 1000,
		.threads = 2 };

	reset_mock(none);
	allocated[0] = first;
	allocated[1] = second;
	allocated[2] = last;
	info_calls = 0;
	clock_ns = 1;
	error = (struct rm_error){ "" };
	return rm_check_removed(&c, &error);
}

int main(void)
{
	const size_t most = 1000 + SLACK_BYTES + (KEYS - FIRST) * BYTES_PER_KEY;

	CHECK(!run(0, 1000, most, most) && mock.created == 1 &&
	                mock.destroyed == 1 && mock.calls[UPSERT] == KEYS &&
	                mock.calls[REMOVE] == KEYS - RESIDENT &&
	                info_calls == 2,
	        "new keys replace old ones; some growth is accepted");
	CHECK(run(0, 1000, most + 1, 0) == -1 && mock.destroyed == 1 &&
	                strstr(error.text,
	                        "although only 256 keys are present"),
	        "more growth than 8 bytes for each key fails");
	CHECK(!run(RM_CAP_BACKGROUND, 1000, most + 1, most) && info_calls == 3,
	        "threads of the map get time to free memory");
	CHECK(run(RM_CAP_BACKGROUND, 1000, most + 1, most + 1) == -1 &&
	                clock_ns > WAIT_MAX_S * (uint64_t)1000000000,
	        "threads of the map get at most half a minute to free memory");
	return DONE();
}
