/* SPDX-License-Identifier: Apache-2.0 */
/* test_shuffle.c - shuffling keeps every item, changes nothing outside the
   array, depends only on the state, and makes all orders equally likely. */
#include "runner/base/shuffle.h"
#include "tests/unit/tap.h"

#include <string.h>

enum { MOST = 64, AROUND = 4, ORDERS = 24, ROUNDS = 24000 };

static const size_t guard = 0x5a5a5a5a;

/* Shuffles 0 to count - 1 with guards on both sides. True if each item occurs
   once and the guards are unchanged. */
static bool keeps(size_t count, uint64_t seed)
{
	size_t room[AROUND + MOST + AROUND], *items = room + AROUND;
	bool seen[MOST] = { false };
	uint64_t state = seed;

	for (size_t i = 0; i < AROUND + MOST + AROUND; i++)
		room[i] = guard;
	for (size_t i = 0; i < count; i++)
		items[i] = i;
	rm_shuffle(items, count, &state);
	for (size_t i = 0; i < count; i++) {
		if (items[i] >= count || seen[items[i]])
			return false;
		seen[items[i]] = true;
	}
	for (size_t i = 0; i < AROUND; i++)
		if (room[i] != guard || items[count + i] != guard)
			return false;
	return count > 1 || state == seed;
}

static void items_stay(void)
{
	bool right = true;

	for (size_t count = 0; count <= MOST; count++)
		for (uint64_t seed = 1; seed <= 20; seed++)
			right &= keeps(count, seed);
	CHECK(right, "0 to 64 items are all kept, and nothing outside changes");
}

/* Returns the index of an order of four items, 0 to 23. */
static unsigned order_of(const size_t *items)
{
	unsigned number = 0;

	for (unsigned i = 0; i < 4; i++) {
		unsigned smaller = 0;

		for (unsigned j = i + 1; j < 4; j++)
			smaller += items[j] < items[i];
		number = number * (4 - i) + smaller;
	}
	return number;
}

static void orders(void)
{
	unsigned count[ORDERS] = { 0 }, least = ROUNDS, most = 0;
	size_t first[MOST], second[MOST];
	uint64_t state = 7;

	for (unsigned i = 0; i < ROUNDS; i++) {
		size_t items[4] = { 0, 1, 2, 3 };

		rm_shuffle(items, 4, &state);
		count[order_of(items)]++;
	}
	for (unsigned i = 0; i < ORDERS; i++) {
		least = count[i] < least ? count[i] : least;
		most = count[i] > most ? count[i] : most;
	}
	/* the expected number is 1,000 for each order, with a standard
	   deviation of 31; the limits are five standard deviations away */
	CHECK(least > 845 && most < 1155,
	        "all 24 orders of four items are equally likely");
	for (size_t i = 0; i < MOST; i++)
		first[i] = second[i] = i;
	state = 7;
	rm_shuffle(first, MOST, &state);
	state = 7;
	rm_shuffle(second, MOST, &state);
	CHECK(!memcmp(first, second, sizeof(first)),
	        "equal states give equal orders");
	rm_shuffle(second, MOST, &state);
	CHECK(memcmp(first, second, sizeof(first)) != 0,
	        "the next shuffle gives another order");
}

int main(void)
{
	items_stay();
	orders();
	return DONE();
}
