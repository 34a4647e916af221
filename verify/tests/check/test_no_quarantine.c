/* SPDX-License-Identifier: Apache-2.0 */
/* test_no_quarantine.c - tests that, without the quarantine library, the reason
 * is reported and the check otherwise runs as usual (test_quarantine.c tests
 * the library). */
#include "runner/base/sanitized.h"
#include "tests/unit/tap.h"
#include "verify/check/check.h"
#include "verify/check/quarantine.h"

#include <stdlib.h>
#include <string.h>

static void damaged(const char *what)
{
	(void)what;
	abort();
}

/* The library is not in the folder of this program. */
int main(int argc, char **argv)
{
	if (rm_sanitized()) {
		CHECK(!rm_check_quarantine_obstacle(),
		        "a sanitizer replaces the quarantine");
		return DONE();
	}
	unsetenv("LD_PRELOAD");
	CHECK(!rm_quarantine_is_loaded(),
	        "this program runs without the quarantine");
	CHECK(!strcmp(rm_check_quarantine_obstacle(),
	              "libreadmostly_quarantine.so is missing next to the "
	              "program: "
	              "`make all` builds it"),
	        "a missing library is the reason");
	rm_check_restart_with_quarantine(argc, argv);
	CHECK(!rm_quarantine_is_loaded() && !getenv("LD_PRELOAD"),
	        "the check continues without the library");
	setenv("LD_PRELOAD", "libm.so.6", 1);
	CHECK(!strcmp(rm_check_quarantine_obstacle(),
	              "LD_PRELOAD is set: unset it"),
	        "another preloaded library is the reason");
	rm_check_restart_with_quarantine(argc, argv);
	CHECK(!strcmp(getenv("LD_PRELOAD"), "libm.so.6"),
	        "LD_PRELOAD is left unchanged");
	rm_quarantine_set(true, damaged);
	free(malloc(100));
	rm_quarantine_set(false, NULL);
	CHECK(true, "without the library, switching it on does nothing");
	return DONE();
}
