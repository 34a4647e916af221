/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_run.c - tests runs of many schedules in several processes: which
   numbers are played, which failure is reported, the totals, and which maps are
   explored. A stub determines which numbers fail, and how. */
#include <sys/types.h>
#include <unistd.h>

static pid_t counted_fork(void);

/* declared first, so that the code below calls it instead of fork() */
#define fork counted_fork
#include "verify/explore/explore.c"
#undef fork

#include "tests/unit/tap.h"

#include <signal.h>

enum {
	NOTED = 130,
	FIRST = 100,
	MANY = 60,
	NUMBERS = FIRST + 2 * MANY,
	HORIZON = 321,
	CONTROL = 11
};

static struct {
	_Atomic unsigned times[NUMBERS]; /* plays of each number */
	_Atomic unsigned strange;        /* calls with wrong arguments */
	_Atomic unsigned cleared;        /* results that were freed */
} * seen;

static struct {
	const struct rm_explore_options *options;
	pid_t parent;
	unsigned opened, calibrated, looked;
	int open_status, calibrate_status;
	uint64_t fails[3]; /* numbers; 0: none */
	enum rm_explore_fault fault[3];
	uint64_t dies, leaves, breaks; /* numbers; 0: none */
	int dies_by;                   /* a signal */
	uint64_t budget_ns;
	bool breaks_again; /* result when the parent replays a failure */
	unsigned forks;    /* number of the fork that fails; 0: none */
} stub;

static pid_t counted_fork(void)
{
	errno = EAGAIN;
	return stub.forks && !--stub.forks ? -1 : fork();
}

/* A clock that advances three seconds at each reading. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ .tv_sec = 1000 + 3 * stub.looked++ };
	return 0;
}

int rm_explore_open(struct rm_error *error)
{
	stub.opened++;
	return stub.open_status
	               ? rm_error_set(error, stub.open_status, "no world")
	               : 0;
}

int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error)
{
	stub.calibrated += options == stub.options;
	*horizon = HORIZON;
	return stub.calibrate_status
	               ? rm_error_set(error, stub.calibrate_status, "no steps")
	               : 0;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	seen->cleared++;
	*played = (struct rm_explore_played){ .fault = RM_EXPLORE_NOTHING };
}

int rm_explore_play_number(const struct rm_explore_options *options,
        uint64_t number, uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	if (options != stub.options || horizon != HORIZON || taken ||
	        number >= NUMBERS) {
		seen->strange++;
		return 0;
	}
	if (getpid() != stub.parent) {
		seen->times[number]++;
		if (number == stub.dies)
			raise(stub.dies_by);
		if (number == stub.leaves)
			_exit(7);
	}
	/* eleven different increments */
	tally->programs += 1;
	tally->stopped += 2;
	tally->schedules += 3;
	tally->plays += 4;
	tally->steps += number;
	tally->switches += 5;
	tally->undecided += 6;
	tally->measured += 7;
	tally->points += 8;
	tally->log_all += 9;
	tally->log_few += 10;
	played->fault = RM_EXPLORE_NOTHING;
	snprintf(played->note, sizeof(played->note),
	        number >= NOTED ? "note %llu" : "", (unsigned long long)number);
	for (int i = 0; i < 3; i++)
		if (number == stub.fails[i])
			played->fault = stub.fault[i];
	return number == stub.breaks ||
	                       (stub.breaks_again && getpid() == stub.parent)
	               ? rm_error_set(error, -ENOMEM, "number %llu is too much",
	                         (unsigned long long)number)
	               : 0;
}

uint64_t rm_explore_control(
        const struct rm_explore_options *options, uint64_t horizon)
{
	return options == stub.options && horizon == HORIZON ? CONTROL : 0;
}

enum { CUT_AFTER = 16 };

static int run(unsigned cpus, enum rm_explore_policy policy,
        struct rm_explore_summary *summary, struct rm_error *error)
{
	const struct rm_explore_options options = { .policy = policy,
		.first = FIRST,
		.schedules = policy == RM_EXPLORE_EXHAUSTIVE ? 1 : MANY,
		.programs = policy == RM_EXPLORE_EXHAUSTIVE ? MANY : 1,
		.budget_ns = stub.budget_ns,
		.cpus = cpus };

	stub.options = &options;
	stub.parent = getpid();
	stub.opened = stub.calibrated = 0;
	memset(seen, 0, sizeof(*seen));
	error->text[0] = '\0';
	return rm_explore_run(&options, summary, error);
}

static const unsigned cpus_tried[] = { 1, 2, 3, 7, RM_EXPLORE_CPUS_MAX };
enum { TRIED = sizeof(cpus_tried) / sizeof(*cpus_tried) };

/* True if numbers first .. end - 1 were played once each, and none before. From
   `end` on each may be played once; if `exactly`, none may be played. */
static bool played_once(unsigned first, unsigned end, bool exactly)
{
	for (unsigned i = 0; i < NUMBERS; i++) {
		unsigned times = seen->times[i];

		if (i >= first && i < end ? times != 1
		                          : times > (i >= end && !exactly))
			return false;
	}
	return !seen->strange;
}

static void all_pass(enum rm_explore_policy policy, const char *name)
{
	struct rm_explore_summary summary;
	struct rm_error error;
	bool each = true, none = true, sums = true, seconds = true;

	for (int i = 0; i < TRIED; i++) {
		const struct rm_explore_tally *sum = &summary.tally;
		int status = run(cpus_tried[i], policy, &summary, &error);

		each &= played_once(FIRST, FIRST + MANY, true);
		none &= !status && summary.found == UINT64_MAX &&
		        summary.fault == RM_EXPLORE_NOTHING &&
		        summary.control == CONTROL && stub.opened == 1 &&
		        stub.calibrated == 1;
		seconds &= summary.seconds == 3;
		/* 100 + 101 + ... + 159 = 7770 */
		sums &= sum->programs == MANY && sum->stopped == 2 * MANY &&
		        sum->schedules == 3 * MANY && sum->plays == 4 * MANY &&
		        sum->steps == 7770 && sum->switches == 5 * MANY &&
		        sum->undecided == 6 * MANY && !sum->cut &&
		        sum->measured == 7 * MANY && sum->points == 8 * MANY &&
		        sum->log_all == 9 * MANY && sum->log_few == 10 * MANY &&
		        sum->noted == NOTED + 1 &&
		        !strcmp(sum->note, "note 130");
	}
	CHECK(each, name);
	CHECK(none, "the summary reports that none fails");
	CHECK(sums, "the tallies of all processes are added");
	CHECK(seconds, "the summary has the elapsed time");
}

static void budget_ends_it(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;

	stub.budget_ns = 1;
	CHECK(!run(1, RM_EXPLORE_MIX, &summary, &error) && summary.tally.cut &&
	                summary.tally.plays == 4 * CUT_AFTER &&
	                played_once(FIRST, FIRST + CUT_AFTER, true),
	        "no number is played after the budget was used");
	stub.budget_ns = 0;
}

static void fails(uint64_t one, uint64_t two, uint64_t three)
{
	stub.fails[0] = one;
	stub.fails[1] = two;
	stub.fails[2] = three;
	stub.fault[0] = RM_EXPLORE_LEAK;
	stub.fault[1] = RM_EXPLORE_RACE;
	stub.fault[2] = RM_EXPLORE_TORN;
}

static void lowest_is_told(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;
	bool lowest = true, before = true, first = true, cleared = true;

	fails(140, 117, 123);
	for (int i = 0; i < TRIED; i++) {
		int status =
		        run(cpus_tried[i], RM_EXPLORE_MIX, &summary, &error);

		lowest &= !status && summary.found == 117 &&
		          summary.fault == RM_EXPLORE_RACE;
		before &= played_once(FIRST, 118, cpus_tried[i] == 1);
		cleared &= seen->cleared == cpus_tried[i] + 1;
	}
	CHECK(lowest, "the lowest number that fails is reported, with its "
	              "fault");
	CHECK(before, "all numbers before it are played, and one process plays "
	              "no further one");
	CHECK(cleared, "each process frees its results");
	fails(FIRST, FIRST + MANY - 1, FIRST + MANY);
	for (int i = 0; i < TRIED; i++) {
		run(cpus_tried[i], RM_EXPLORE_MIX, &summary, &error);
		first &= summary.found == FIRST &&
		         summary.fault == RM_EXPLORE_LEAK;
	}
	CHECK(first, "the first number can fail");
	fails(0, FIRST + MANY - 1, FIRST + MANY);
	run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(summary.found == FIRST + MANY - 1 &&
	                summary.fault == RM_EXPLORE_RACE,
	        "the last number can fail");
	fails(0, FIRST - 1, FIRST + MANY);
	run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(summary.found == UINT64_MAX, "numbers outside are not played");
	fails(0, 0, 0);
}

static void lower_comes_later(void)
{
	static struct share share;
	const struct rm_explore_options options = {
		.first = FIRST, .schedules = MANY, .cpus = 2
	};

	fails(116, 123, 0);
	stub.options = &options;
	stub.parent = 0;
	memset(seen, 0, sizeof(*seen));
	share.lowest = UINT64_MAX;
	play_numbers(&options, 1, HORIZON, &share);
	CHECK(share.lowest == 123 && seen->times[123] == 1 && !seen->times[125],
	        "a process ends at its first number that fails");
	play_numbers(&options, 0, HORIZON, &share);
	CHECK(share.lowest == 116 && !seen->times[118],
	        "a lower number replaces the one found before");
	lower_found(&share, 130);
	CHECK(share.lowest == 116,
	        "a higher number does not replace the one found before");
	memset(seen, 0, sizeof(*seen));
	fails(0, 0, 0);
	share.lowest = 122;
	play_numbers(&options, 0, HORIZON, &share);
	CHECK(seen->times[122] == 1 && !seen->times[124] && share.lowest == 122,
	        "a process ends at the lowest number found");
}

static void processes_die(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;
	int status;

	stub.dies = 127;
	stub.dies_by = SIGKILL;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(status == -EINTR && strstr(error.text, "signal 9 ") &&
	                strstr(error.text, " number 127, "),
	        "a process killed at a number that does not fail is an error "
	        "with the signal");
	fails(127, 0, 0);
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 127 &&
	                summary.fault == RM_EXPLORE_LEAK,
	        "a process killed at a number that fails has found it");
	fails(0, 123, 0);
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 123 &&
	                summary.fault == RM_EXPLORE_RACE,
	        "a killed process does not hide a lower number that fails");
	fails(0, 0, 0);
	stub.dies_by = SIGSEGV;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 127 &&
	                summary.fault == RM_EXPLORE_CRASH,
	        "a process that crashes has failed at its number");
	stub.dies = 0;
	stub.leaves = 131;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 131 &&
	                summary.fault == RM_EXPLORE_CRASH,
	        "a process that exits has failed at its number");
	stub.leaves = 0;
}

/* The third fork fails. */
static void no_process(void)
{
	static struct share share = { .lowest = UINT64_MAX };
	const struct rm_explore_options options = {
		.first = FIRST, .schedules = MANY, .cpus = 5
	};
	struct rm_explore_summary summary;
	struct rm_error error;
	pid_t pids[RM_EXPLORE_CPUS_MAX] = { 0 };

	stub.forks = 3;
	CHECK(run(5, RM_EXPLORE_MIX, &summary, &error) == -EAGAIN &&
	                !strcmp(error.text,
	                        "process 3 of 5 could not be started: "
	                        "Resource temporarily unavailable (--cpus)"),
	        "a process that cannot be started is reported by number");
	stub.options = &options;
	stub.forks = 3;
	CHECK(start(&options, HORIZON, &share, pids, &error) == -EAGAIN &&
	                share.lowest == 0,
	        "processes that have already started are stopped");
	finish(&share, 0, pids[0]);
	finish(&share, 1, pids[1]);
	stub.forks = 0;
}

static void errors(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;

	stub.breaks = 127;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -ENOMEM &&
	                !strcmp(error.text, "number 127 is too much"),
	        "an error at a number is reported with its text");
	stub.breaks = 0;
	fails(117, 0, 0);
	stub.breaks_again = true;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -ENOMEM &&
	                !strcmp(error.text, "number 117 is too much"),
	        "an error when the failure is replayed is reported with its "
	        "text");
	stub.breaks_again = false;
	fails(0, 0, 0);
	stub.open_status = -EPERM;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -EPERM &&
	                !strcmp(error.text, "no world") && !stub.calibrated &&
	                played_once(0, 0, true),
	        "nothing is played if the world cannot be opened");
	stub.open_status = 0;
	stub.calibrate_status = -EIO;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -EIO &&
	                !strcmp(error.text, "no steps") &&
	                played_once(0, 0, true),
	        "nothing is played if the horizon is unknown");
	stub.calibrate_status = 0;
}

/* Never called; only their presence matters. */
static void *created(const struct rm_sizing *sizing)
{
	(void)sizing;
	return NULL;
}

static bool looked_up(void *thread, struct rm_shape shape, struct rm_key key,
        struct rm_value *value)
{
	(void)thread;
	(void)shape;
	(void)key;
	(void)value;
	return false;
}

static const struct rm_map_ops whole = { .create = created,
	.lookup = looked_up };

static bool why(struct rm_impl impl, bool by_name, const char *word)
{
	const char *reason = rm_explore_skip_reason(&impl, by_name);

	return word ? reason && strstr(reason, word) : !reason;
}

/* True if the map is rejected for this reason; if `named`, only in a run of
 * "all". */
static bool refused(struct rm_impl impl, const char *word, bool named)
{
	return why(impl, false, word) && why(impl, true, named ? NULL : word);
}

static void which_maps(void)
{
	static const struct rm_map_ops no_create = { .lookup = looked_up };
	static const struct rm_map_ops no_lookup = { .create = created };
	const struct rm_impl right = { .id = "right", .ops = &whole };
	struct rm_impl impl = right;

	CHECK(refused(right, NULL, true), "a correct map is explored");
	impl.ops = &no_create;
	CHECK(refused(impl, "technique", false),
	        "a technique without create() is not explored");
	impl.ops = &no_lookup;
	CHECK(refused(impl, "technique", false),
	        "a technique without lookup() is not explored");
	impl = right;
	impl.caps = RM_CAP_NO_STATE;
	CHECK(refused(impl, "holds nothing", false),
	        "a map without state is not explored");
	impl.caps = RM_CAP_STALE;
	CHECK(refused(impl, "old values", false),
	        "a map with stale lookups is not explored");
	impl.caps = RM_CAP_UNSAFE;
	CHECK(refused(impl, "unsafe", true),
	        "an unsafe map is explored only by name");
	impl.caps = RM_CAP_UNSAFE_INSERT;
	CHECK(refused(impl, "unsafe", true),
	        "a map with unsafe inserts is explored only by name");
	impl = right;
	impl.volatile_order = true;
	CHECK(refused(impl, "volatile accesses", true),
	        "a map that orders by volatile accesses is explored only by "
	        "name");
	impl = right;
	impl.misuse = "planted";
	CHECK(refused(impl, "misuse", true),
	        "an injected misuse is explored only by name");
}

int main(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 2;
	all_pass(RM_EXPLORE_MIX, "each number is played once, by any number of "
	                         "processes");
	all_pass(RM_EXPLORE_EXHAUSTIVE,
	        "each program of the exhaustive scheduler is played once, by "
	        "any number of processes");
	budget_ends_it();
	lowest_is_told();
	lower_comes_later();
	processes_die();
	no_process();
	errors();
	which_maps();
	return DONE();
}
