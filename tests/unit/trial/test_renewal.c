/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the renewal of keys before the window, by a correct map and by wrong
   ones. */
#include "tests/unit/trial/array_map.h"

enum { KEYS = 1000, RENEWALS = 3 };

static json_t *renewed_by(enum rm_write_kind kind, double write_share)
{
	struct rm_request request = request_of(kind);
	json_t *result;

	request.cell.renewals = RENEWALS;
	request.cell.threads = 3; /* does not divide the number of keys
	                             evenly */
	request.cell.write_share = write_share;
	result = run(&request);
	json_decref(request.counters);
	return result;
}

static double keys_of(const json_t *result)
{
	return number_of(json_object_get(result, "renewed"), "keys");
}

static void each_key_is_replaced(void)
{
	json_t *result = renewed_by(RM_UPDATE, 0);
	unsigned renewed = 0;

	/* a value from the prefill is the rank, without writer and sequence */
	for (uint64_t rank = 0; rank < KEYS; rank++)
		renewed += atomic_load(&slots[rank]) - 1 > UINT32_MAX;
	CHECK(is(result, "ok", "") && keys_of(result) == RENEWALS * KEYS,
	        "each key is renewed three times");
	CHECK(renewed == KEYS, "no key has the value of the prefill");
	CHECK(number_of(result, "writes") == 0 &&
	                number_of(result, "inserts") == 0 &&
	                number_of(result, "keys_before") == KEYS,
	        "the window does not count these writes");
	json_decref(result);
}

static void fresh_keys_take_their_place(void)
{
	json_t *result = renewed_by(RM_FRESH, 0.1);
	unsigned old = 0;

	for (uint64_t rank = 0; rank < RENEWALS * KEYS; rank++)
		old += atomic_load(&slots[rank]) != 0;
	CHECK(is(result, "ok", "") && keys_of(result) == RENEWALS * KEYS,
	        "fresh writes renew the keys of a cell with fresh writes");
	CHECK(old == 0, "no initial key is left");
	json_decref(result);
	result = renewed_by(RM_CHURN, 0.1);
	CHECK(is(result, "ok", "") && keys_of(result) == RENEWALS * KEYS,
	        "a cell with churn renews by removal and insertion");
	json_decref(result);
}

static void nothing_is_renewed_unasked(void)
{
	struct rm_request request = request_of(RM_CHURN);
	json_t *result = run(&request);

	CHECK(is(result, "ok", "") &&
	                json_is_null(json_object_get(result, "renewed")),
	        "other cells have null");
	json_decref(result);
	json_decref(request.counters);
}

/* The fault occurs after the insertions of the prefill. */
static void a_lost_key_fails(void)
{
	json_t *result;

	fault = (struct fault){ .lose_insert = KEYS + 500 };
	result = renewed_by(RM_UPDATE, 0);
	CHECK(is(result, "failed", "were to be renewed"),
	        "a lost insertion fails");
	json_decref(result);
	fault.hide_lost = true;
	result = renewed_by(RM_FRESH, 0.1);
	CHECK(!strcmp(text_of(result, "status"), "failed"),
	        "an insertion that is reported as an update fails, too");
	json_decref(result);
	fault = (struct fault){ .take_other = true };
	result = renewed_by(RM_UPDATE, 0);
	CHECK(!strcmp(text_of(result, "status"), "failed"),
	        "a removal of another key fails");
	json_decref(result);
	fault = (struct fault){ .stall_ns = 0 };
}

int main(void)
{
	each_key_is_replaced();
	fresh_keys_take_their_place();
	nothing_is_renewed_unasked();
	a_lost_key_fails();
	return DONE();
}
