/* SPDX-License-Identifier: Apache-2.0 */
/* Tests the output of Go's map. Compares the census of its chains with a
   separate count, and checks the header that is printed when a write conflicts
   with another access. */
#include "tests/unit/gomap/gomap_fixture.h"

#include "impls/gomap/gomap_dump.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_BYTES = 8192 };

static struct gomap *filled(struct rm_shape shape, uint64_t entries)
{
	struct gomap *map = gomap_create(0, shape, 7);

	for (uint64_t n = 0; n < entries; n++)
		put(map, shape, n);
	return map;
}

static void census_counts(struct rm_shape shape, int index)
{
	/* the map is growing, since 6656 entries are one too many for B 10 */
	struct gomap *map = filled(shape, 6700);
	struct gomap_census census = { 0 };
	uint64_t entries = 0, chains = 0, by_length = 0, by_slots = 0;

	gomap_census(&census, map);
	for (uint64_t i = 0; i <= GOMAP_CENSUS_ENTRIES; i++) {
		chains += census.filled[i];
		entries += i * census.filled[i];
	}
	for (int i = 0; i <= GOMAP_CENSUS_LENGTH; i++)
		by_length += census.length[i];
	for (uint64_t i = 0; i <= GOMAP_SLOTS; i++)
		by_slots += i * census.slots[i];
	CHECK_SHAPE(gomap_get(map->oldbuckets) && census.unmoved > 0,
	        "the map is growing", index);
	CHECK_SHAPE(
	        census.entries == 6700 && entries == 6700 && by_slots == 6700,
	        "a census finds each entry once, moved or not", index);
	CHECK_SHAPE(chains == census.chains && by_length == census.chains &&
	                    census.chains == 2048 + census.unmoved,
	        "a census finds each chain, in the new array and the old one",
	        index);
	CHECK_SHAPE(census.third == census.chains - census.filled[0] -
	                                    census.filled[1] - census.filled[2],
	        "a third conflict is a chain of three or more", index);
	gomap_destroy(map);
}

/* Runs `act` in a child process. Stores its standard error and returns its exit
   status. */
static int run_in_child(
        void (*act)(struct gomap *), struct gomap *map, char *text)
{
	int ends[2], status = 0;
	size_t length = 0;
	ssize_t got;
	pid_t pid;

	if (pipe(ends))
		return -1;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		dup2(ends[1], STDERR_FILENO);
		close(ends[0]);
		signal(SIGABRT, SIG_DFL);
		act(map);
		_exit(0);
	}
	close(ends[1]);
	while (length < TEXT_BYTES - 1 &&
	        (got = read(ends[0], text + length, TEXT_BYTES - 1 - length)) >
	                0)
		length += (size_t)got;
	text[length] = 0;
	close(ends[0]);
	waitpid(pid, &status, 0);
	return status;
}

/* Pretends that another thread is in the middle of a write. */
static void write_twice(struct gomap *map)
{
	gomap_write_begin(map);
	put(map, shapes[0], 1);
}

static void read_in_between(struct gomap *map)
{
	gomap_write_begin(map);
	has(map, shapes[0], 1);
}

static void write_to_nil(struct gomap *map)
{
	(void)map;
	put(NULL, shapes[0], 1);
}

static void write_once(struct gomap *map)
{
	put(map, shapes[0], 1);
}

static bool ends_with_header(
        void (*act)(struct gomap *), const char *what, struct gomap *map)
{
	char text[TEXT_BYTES], wanted[400];
	int status = run_in_child(act, map, text);

	snprintf(wanted, sizeof(wanted),
	        "fatal: %s\ncount 6700, B 11, flags 4 writing, noverflow %u, "
	        "buckets %p, oldbuckets %p (growing), nevacuate %llu\n",
	        what, gomap_get(map->noverflow),
	        (void *)gomap_get(map->buckets),
	        (void *)gomap_get(map->oldbuckets),
	        (unsigned long long)gomap_get(map->nevacuate));
	if (strcmp(text, wanted) != 0)
		printf("# %s# expected %s", text, wanted);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	       !strcmp(text, wanted);
}

static void misuse_shows_the_header(void)
{
	struct gomap *map = filled(shapes[0], 6700);
	char text[TEXT_BYTES];

	CHECK(ends_with_header(write_twice, "concurrent map writes", map),
	        "concurrent writes abort and print the header");
	CHECK(ends_with_header(read_in_between,
	              "concurrent map read and map write", map),
	        "a read during a write aborts and prints the header");
	CHECK(run_in_child(write_once, map, text) == 0 && !text[0],
	        "a single write prints nothing");
	gomap_destroy(map);
}

/* test_equal_gomap compares the message and the exit with those of Go. */
static void nil_is_an_empty_map(void)
{
	struct gomap_iterator it;
	struct rm_value value;
	struct rm_key key;
	char text[TEXT_BYTES];
	int status;

	for (int i = 0; i < RM_SHAPES; i++) {
		CHECK_SHAPE(gomap_count(NULL) == 0 && !has(NULL, shapes[i], 1),
		        "a nil map has no keys", i);
		gomap_clear(NULL, shapes[i]);
		CHECK_SHAPE(!drop(NULL, shapes[i], 1),
		        "removing a key from a nil map or clearing it does "
		        "nothing",
		        i);
		gomap_iterate_begin(NULL, &it);
		CHECK_SHAPE(!gomap_iterate_next(&it, shapes[i], &key, &value),
		        "an iteration of a nil map ends at once", i);
		gomap_iterate_end(&it);
	}
	status = run_in_child(write_to_nil, NULL, text);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	                !strcmp(text, "panic: assignment to entry in nil "
	                              "map\n"),
	        "an insert into a nil map aborts with a message");
}

static void chance_is_exponential(void)
{
	/* the results are e^-1 and e^-6.5 */
	CHECK(gomap_chance_of_none(1) > 0.36787 &&
	                gomap_chance_of_none(1) < 0.36789 &&
	                gomap_chance_of_none(6.5) > 0.0015033 &&
	                gomap_chance_of_none(6.5) < 0.0015036,
	        "the expected share of empty chains is e^-load");
}

int main(void)
{
	for (int i = 0; i < RM_SHAPES; i++)
		census_counts(shapes[i], i);
	misuse_shows_the_header();
	nil_is_an_empty_map();
	chance_is_exponential();
	CHECK(blocks_live == 0, "all memory is freed");
	return DONE();
}
