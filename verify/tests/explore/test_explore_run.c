/* SPDX-License-Identifier: Apache-2.0 */
/* test_explore_run.c - many schedules in several processes: which numbers are
   played, which failure is the one that is told, what is summed up; and which
   maps are explored at all. Which numbers fail, and how, is said here. */
#include <sys/types.h>
#include <unistd.h>

static pid_t counted_fork(void);

/* after its own declaration, so that what comes now forks by it */
#define fork counted_fork
#include "verify/explore/explore.c"
#undef fork

#include "tests/unit/tap.h"

#include <signal.h>

enum { FIRST = 100, MANY = 60, NUMBERS = FIRST + 2 * MANY, HORIZON = 321 };

/* What processes see of each other. */
static struct {
	_Atomic unsigned times[NUMBERS]; /* that a number was played */
	_Atomic unsigned strange;        /* calls that were not as asked for */
	_Atomic unsigned cleared;        /* what was played, and is let go */
} * seen;

static struct {
	const struct rm_explore_options *options;
	pid_t parent;
	unsigned opened, calibrated, looked;
	int open_status, calibrate_status;
	uint64_t fails[3]; /* 0: none of them */
	enum rm_explore_fault fault[3];
	uint64_t dies, leaves, breaks; /* numbers; 0: none */
	int dies_by;                   /* a signal */
	bool breaks_again;             /* where the parent plays what failed */
	unsigned forks;                /* that there are left; 0: any number */
} said;

static pid_t counted_fork(void)
{
	errno = EAGAIN;
	return said.forks && !--said.forks ? -1 : fork();
}

/* No clock: it is three seconds later each time that somebody looks. */
int clock_gettime(clockid_t clock, struct timespec *now)
{
	(void)clock;
	*now = (struct timespec){ .tv_sec = 1000 + 3 * said.looked++ };
	return 0;
}

int rm_explore_open(struct rm_error *error)
{
	said.opened++;
	return said.open_status
	               ? rm_error_set(error, said.open_status, "no world")
	               : 0;
}

int rm_explore_calibrate(const struct rm_explore_options *options,
        uint64_t *horizon, struct rm_error *error)
{
	said.calibrated += options == said.options;
	*horizon = HORIZON;
	return said.calibrate_status
	               ? rm_error_set(error, said.calibrate_status, "no steps")
	               : 0;
}

void rm_explore_played_clear(struct rm_explore_played *played)
{
	seen->cleared++;
	*played = (struct rm_explore_played){ .fault = RM_EXPLORE_NOTHING };
}

int rm_explore_number(const struct rm_explore_options *options, uint64_t number,
        uint64_t horizon, struct rm_explore_tally *tally,
        struct rm_explore_turns *taken, struct rm_explore_played *played,
        struct rm_error *error)
{
	if (options != said.options || horizon != HORIZON || taken ||
	        number >= NUMBERS) {
		seen->strange++;
		return 0;
	}
	if (getpid() != said.parent) {
		seen->times[number]++;
		if (number == said.dies)
			raise(said.dies_by);
		if (number == said.leaves)
			_exit(7);
	}
	/* seven sums that differ */
	tally->programs += 1;
	tally->stopped += 2;
	tally->schedules += 3;
	tally->plays += 4;
	tally->steps += number;
	tally->switches += 5;
	tally->undecided += 6;
	played->fault = RM_EXPLORE_NOTHING;
	for (int i = 0; i < 3; i++)
		if (number == said.fails[i])
			played->fault = said.fault[i];
	return number == said.breaks ||
	                       (said.breaks_again && getpid() == said.parent)
	               ? rm_error_set(error, -ENOMEM, "number %llu is too much",
	                         (unsigned long long)number)
	               : 0;
}

static int run(unsigned cpus, enum rm_explore_policy policy,
        struct rm_explore_summary *summary, struct rm_error *error)
{
	const struct rm_explore_options options = { .policy = policy,
		.first = FIRST,
		.schedules = policy == RM_EXPLORE_EXHAUSTIVE ? 1 : MANY,
		.programs = policy == RM_EXPLORE_EXHAUSTIVE ? MANY : 1,
		.cpus = cpus };

	said.options = &options;
	said.parent = getpid();
	said.opened = said.calibrated = 0;
	memset(seen, 0, sizeof(*seen));
	error->text[0] = '\0';
	return rm_explore_run(&options, summary, error);
}

static const unsigned cpus_tried[] = { 1, 2, 3, 7, RM_EXPLORE_CPUS_MAX };
enum { TRIED = sizeof(cpus_tried) / sizeof(*cpus_tried) };

/* Whether numbers first .. end - 1 were played once each; of those behind
   `end` none, where `exactly`. */
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
		        said.opened == 1 && said.calibrated == 1;
		seconds &= summary.seconds == 3;
		/* 100 + 101 + ... + 159 = 7770 */
		sums &= sum->programs == MANY && sum->stopped == 2 * MANY &&
		        sum->schedules == 3 * MANY && sum->plays == 4 * MANY &&
		        sum->steps == 7770 && sum->switches == 5 * MANY &&
		        sum->undecided == 6 * MANY;
	}
	CHECK(each, name);
	CHECK(none, "where none fails that is said");
	CHECK(sums, "what was done is summed up over all processes");
	CHECK(seconds, "and how long it took");
}

static void fails(uint64_t one, uint64_t two, uint64_t three)
{
	said.fails[0] = one;
	said.fails[1] = two;
	said.fails[2] = three;
	said.fault[0] = RM_EXPLORE_LEAK;
	said.fault[1] = RM_EXPLORE_RACE;
	said.fault[2] = RM_EXPLORE_TORN;
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
	CHECK(lowest, "the lowest number that fails is told, and how it does");
	CHECK(before, "all before it are played, and one process goes no "
	              "further");
	CHECK(cleared, "each process lets go of what it has played");
	fails(FIRST, FIRST + MANY - 1, FIRST + MANY);
	for (int i = 0; i < TRIED; i++) {
		run(cpus_tried[i], RM_EXPLORE_MIX, &summary, &error);
		first &= summary.found == FIRST &&
		         summary.fault == RM_EXPLORE_LEAK;
	}
	CHECK(first, "the first number may be that");
	fails(0, FIRST + MANY - 1, FIRST + MANY);
	run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(summary.found == FIRST + MANY - 1 &&
	                summary.fault == RM_EXPLORE_RACE,
	        "so may the last");
	fails(0, FIRST - 1, FIRST + MANY);
	run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(summary.found == UINT64_MAX, "but none outside");
	fails(0, 0, 0);
}

/* Whoever comes first: processes' orders are played one after the other. */
static void lower_comes_later(void)
{
	static struct share share;
	const struct rm_explore_options options = {
		.first = FIRST, .schedules = MANY, .cpus = 2
	};

	fails(116, 123, 0);
	said.options = &options;
	said.parent = 0;
	memset(seen, 0, sizeof(*seen));
	share.lowest = UINT64_MAX;
	work(&options, 1, HORIZON, &share);
	CHECK(share.lowest == 123 && seen->times[123] == 1 && !seen->times[125],
	        "a process ends where one of its numbers fails");
	work(&options, 0, HORIZON, &share);
	CHECK(share.lowest == 116 && !seen->times[118],
	        "a lower number that fails takes its place");
	found(&share, 130);
	CHECK(share.lowest == 116, "a higher one does not");
	memset(seen, 0, sizeof(*seen));
	fails(0, 0, 0);
	share.lowest = 122;
	work(&options, 0, HORIZON, &share);
	CHECK(seen->times[122] == 1 && !seen->times[124] && share.lowest == 122,
	        "and a process goes no further than the lowest");
}

static void processes_die(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;
	int status;

	said.dies = 127;
	said.dies_by = SIGKILL;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(status == -EINTR && strstr(error.text, "signal 9 ") &&
	                strstr(error.text, " number 127, "),
	        "a process that is killed where nothing is wrong accuses no "
	        "map: that is an error, and says by which signal");
	fails(127, 0, 0);
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 127 &&
	                summary.fault == RM_EXPLORE_LEAK,
	        "one where something is wrong has found it");
	fails(0, 123, 0);
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 123 &&
	                summary.fault == RM_EXPLORE_RACE,
	        "and it does not hide what fails before");
	fails(0, 0, 0);
	said.dies_by = SIGSEGV;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 127 &&
	                summary.fault == RM_EXPLORE_CRASH,
	        "a process that crashes has failed where it was");
	said.dies = 0;
	said.leaves = 131;
	status = run(3, RM_EXPLORE_MIX, &summary, &error);
	CHECK(!status && summary.found == 131 &&
	                summary.fault == RM_EXPLORE_CRASH,
	        "so has one that a map ends");
	said.leaves = 0;
}

/* The third of so many. */
static void no_process(void)
{
	static struct share share = { .lowest = UINT64_MAX };
	const struct rm_explore_options options = {
		.first = FIRST, .schedules = MANY, .cpus = 5
	};
	struct rm_explore_summary summary;
	struct rm_error error;
	pid_t pids[RM_EXPLORE_CPUS_MAX] = { 0 };

	said.forks = 3;
	CHECK(run(5, RM_EXPLORE_MIX, &summary, &error) == -EAGAIN &&
	                !strcmp(error.text,
	                        "process 3 of 5 could not be started: "
	                        "Resource temporarily unavailable (--cpus)"),
	        "where a process cannot be started that is told, and which");
	said.options = &options;
	said.forks = 3;
	CHECK(start(&options, HORIZON, &share, pids, &error) == -EAGAIN &&
	                share.lowest == 0,
	        "and those that were started stop");
	finish(&share, 0, pids[0]);
	finish(&share, 1, pids[1]);
	said.forks = 0;
}

static void errors(void)
{
	struct rm_explore_summary summary;
	struct rm_error error;

	said.breaks = 127;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -ENOMEM &&
	                !strcmp(error.text, "number 127 is too much"),
	        "an error of a number is told in its words");
	said.breaks = 0;
	fails(117, 0, 0);
	said.breaks_again = true;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -ENOMEM &&
	                !strcmp(error.text, "number 117 is too much"),
	        "so is one of playing again what failed");
	said.breaks_again = false;
	fails(0, 0, 0);
	said.open_status = -EPERM;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -EPERM &&
	                !strcmp(error.text, "no world") && !said.calibrated &&
	                played_once(0, 0, true),
	        "nothing is begun where there is no world");
	said.open_status = 0;
	said.calibrate_status = -EIO;
	CHECK(run(3, RM_EXPLORE_MIX, &summary, &error) == -EIO &&
	                !strcmp(error.text, "no steps") &&
	                played_once(0, 0, true),
	        "nor where it is not known how long a schedule is");
	said.calibrate_status = 0;
}

/* Only whether there are such functions is asked. */
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
	const char *said_why = rm_explore_unfit(&impl, by_name);

	return word ? said_why && strstr(said_why, word) : !said_why;
}

/* Its reason, and whether somebody who asks for it has it nevertheless. */
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

	CHECK(refused(right, NULL, true), "a right map is explored");
	impl.ops = &no_create;
	CHECK(refused(impl, "technique", false), "what makes no map is not");
	impl.ops = &no_lookup;
	CHECK(refused(impl, "technique", false), "nor what looks nothing up");
	impl = right;
	impl.caps = RM_CAP_NO_STATE;
	CHECK(refused(impl, "holds nothing", false), "nor what holds nothing");
	impl.caps = RM_CAP_STALE;
	CHECK(refused(impl, "late", false), "nor what may answer late");
	impl.caps = RM_CAP_UNSAFE;
	CHECK(refused(impl, "not safe", true),
	        "what is not safe beside a writer is explored by its name");
	impl.caps = RM_CAP_UNSAFE_INSERT;
	CHECK(refused(impl, "not safe", true),
	        "what is not safe beside an insert, too");
	impl = right;
	impl.volatile_order = true;
	CHECK(refused(impl, "volatile accesses", true),
	        "so is what orders by volatile accesses");
	impl = right;
	impl.misuse = "planted";
	CHECK(refused(impl, "misuse", true), "so is a planted misuse");
}

int main(void)
{
	seen = mmap(NULL, sizeof(*seen), PROT_READ | PROT_WRITE,
	        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (seen == MAP_FAILED)
		return 2;
	all_pass(RM_EXPLORE_MIX, "each number is played once, however many "
	                         "processes there are");
	all_pass(RM_EXPLORE_EXHAUSTIVE,
	        "so is each program, where schedules are exhausted");
	lowest_is_told();
	lower_comes_later();
	processes_die();
	no_process();
	errors();
	which_maps();
	return DONE();
}
