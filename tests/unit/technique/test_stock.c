/* SPDX-License-Identifier: Apache-2.0 */
/* alone: other load changes how often threads collide. */
/* test_stock.c - tests that stock is never oversold in 10^6 sales, except by
   the control that checks only once. */
#include "runner/base/clock.h"
#include "tests/unit/technique/techniques.h"

#include <math.h>

enum { MANY = 1000000, EXTRA = 20000 };

/* Sells exactly the whole stock, although two threads request more. */
static void sell_all(const char *id)
{
	struct technique_run run = {
		.threads = 2, .iterations = MANY / 2 + EXTRA, .args = { MANY }
	};
	char name[100];
	const uint64_t start_ns = rm_now_ns();
	bool right = technique_play(&run, id);
	const double took_ns = (double)(rm_now_ns() - start_ns);

	snprintf(name, sizeof(name), "%s sells exactly 10^6 of 10^6", id);
	if (!CHECK(right && technique_stat(&run, "sold") == MANY &&
	                    technique_stat(&run, "remaining") == 0,
	            name))
		printf("# %s\n", run.why);
	snprintf(name, sizeof(name), "%s refuses all other requests", id);
	CHECK(technique_stat(&run, "refused") == 2 * EXTRA &&
	                technique_stat(&run, "sold_out_after") > 0,
	        name);
	snprintf(name, sizeof(name), "%s is sold out within the run", id);
	CHECK(technique_stat(&run, "sold_out_after") <= took_ns, name);
	technique_end(&run);
}

static void not_sold_out(const char *id)
{
	struct technique_run run = {
		.threads = 4, .iterations = 1000, .args = { 5000 }
	};
	char name[100];

	snprintf(name, sizeof(name), "%s: 4000 of 5000 sold, 1000 remain", id);
	CHECK(technique_play(&run, id) &&
	                technique_stat(&run, "sold") == 4000 &&
	                technique_stat(&run, "remaining") == 1000 &&
	                technique_stat(&run, "refused") == 0 &&
	                isnan(technique_stat(&run, "sold_out_after")),
	        name);
	technique_end(&run);
}

static void check_contention(const char *id)
{
	struct technique_run run = {
		.threads = 8, .iterations = 400, .args = { 100 }
	};
	char name[100];

	snprintf(name, sizeof(name), "%s: 20 runs of 8 threads, none oversells",
	        id);
	CHECK(technique_caught(&run, id, "", 20) == 0, name);
}

int main(void)
{
	struct technique_run run = {
		.threads = 8, .iterations = 400, .args = { 100 }
	};

	sell_all("stock_mutex");
	sell_all("stock_rw");
	not_sold_out("stock_mutex");
	not_sold_out("stock_rw");
	check_contention("stock_mutex");
	check_contention("stock_rw");
	CHECK(technique_caught(&run, "stock_single_check", "oversold", 20) ==
	                20,
	        "a single check oversells, and is detected in 20 of 20 runs");
	return DONE();
}
