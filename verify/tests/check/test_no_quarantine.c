/* SPDX-License-Identifier: Apache-2.0 */
/* What is said where there is no quarantine (test_quarantine.c has one), and
   that nothing else happens then. */
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

/* The library lies beside the folder of this program, not beside it. */
int main(int argc, char **argv)
{
	if (rm_sanitized()) {
		CHECK(!rm_check_no_quarantine(),
		        "a sanitizer keeps back what is freed");
		return DONE();
	}
	unsetenv("LD_PRELOAD");
	CHECK(!rm_quarantine_offered(), "this program has no quarantine");
	CHECK(!strcmp(rm_check_no_quarantine(),
	              "no libreadmostly_quarantine.so beside the program: "
	              "make all builds it"),
	        "where its library is not found, that is why");
	rm_check_with_quarantine(argc, argv);
	CHECK(!rm_quarantine_offered() && !getenv("LD_PRELOAD"),
	        "then a check goes on without");
	setenv("LD_PRELOAD", "libm.so.6", 1);
	CHECK(!strcmp(rm_check_no_quarantine(),
	              "LD_PRELOAD is set: start without it"),
	        "where another library is loaded, that is why");
	rm_check_with_quarantine(argc, argv);
	CHECK(!strcmp(getenv("LD_PRELOAD"), "libm.so.6"),
	        "which is left as it is");
	rm_quarantine(true, damaged);
	free(malloc(100));
	rm_quarantine(false, NULL);
	CHECK(true, "turning on what is not there does nothing");
	return DONE();
}
