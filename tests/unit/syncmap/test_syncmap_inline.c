/* SPDX-License-Identifier: Apache-2.0 */
/* test_syncmap_inline.c - sync.Map without boxes: a cell is the value. */
#define SYNCMAP_CELL "impls/syncmap/syncmap_inline.h"
#include "tests/unit/syncmap/syncmap_bench.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static uint64_t retired(struct bench *b)
{
	return rm_stat_read(&((struct epoch_record *)b->thread)->retired);
}

/* Stores a value in a child process. Returns true if that aborted. */
static bool aborts(struct bench *b, uint64_t word)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		close(2); /* keeps the message out of the test's output */
		signal(SIGABRT, SIG_DFL);
		store(b, 1, word);
		_exit(0);
	}
	waitpid(pid, &status, 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT;
}

int main(void)
{
	struct bench b = bench_open(false);
	struct syncmap_entry *entry;
	struct rm_value old = { { 7 } }, value = { { 0 } };
	struct rm_key_bytes line;
	struct rm_key key = rm_key_of(b.shape, 1, &line);
	uint64_t before;

	fill(&b, 3);
	entry = entry_in(&b, header_of(&b)->map, 1);
	CHECK(syncmap_cell_of(entry) == 2, "the cell is the value");
	before = retired(&b);
	for (uint64_t i = 0; i < 1000; i++)
		store(&b, 1, i);
	CHECK(retired(&b) == before && load(&b, 1) == 999,
	        "updates retire nothing");
	CHECK(syncmap_exchange(b.thread, b.shape, key, &value, &old) &&
	                old.word[0] == 999 &&
	                syncmap_lookup(b.thread, b.shape, key, &old) &&
	                old.word[0] == 0,
	        "0 is a value");
	value.word[0] = UINT64_MAX;
	old.word[0] = 0;
	CHECK(syncmap_compare_swap(b.thread, b.shape, key, &old, &value) &&
	                load(&b, 1) == UINT64_MAX,
	        "all ones are a value");
	CHECK(syncmap_compare_remove(b.thread, b.shape, key, &value) &&
	                !drop(&b, 1) && syncmap_cell_of(entry) == SYNCMAP_NIL,
	        "a removed key has no value");
	store(&b, 9, 9);
	CHECK(syncmap_cell_of(entry) == SYNCMAP_EXPUNGED && !load(&b, 1),
	        "an expunged key has no value");
	CHECK(!store(&b, 1, 5) && load(&b, 1) == 5, "a store revives the "
	                                            "expunged entry");
	CHECK(store(&b, 2, SYNCMAP_NIL - 1) && load(&b, 2) == SYNCMAP_NIL - 1,
	        "the word before a reserved word is a value");
	CHECK(store(&b, 2, SYNCMAP_EXPUNGED + 1) &&
	                load(&b, 2) == SYNCMAP_EXPUNGED + 1,
	        "the word after a reserved word is a value");
	CHECK(aborts(&b, SYNCMAP_NIL) && aborts(&b, SYNCMAP_EXPUNGED),
	        "storing a reserved word ends the process");
	bench_close(&b, "invariants hold without boxes");
	return DONE();
}
