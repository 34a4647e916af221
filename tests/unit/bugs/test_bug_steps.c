/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_bug_steps.c - the models of published bugs, shown one by one without a
 * checker: one thread does an operation instruction by instruction (the trap
 * flag of x86-64), and after the n-th another thread does its own operations,
 * for n = 0, 1, 2 ... until one shows the bug. The twin is right for each n.
 *
 * The first goes on when the other has ended, or cannot go on without it: no
 * time decides what is met, however busy the machine is. A time only ends a
 * process in which both wait for each other.
 *
 * slow: a process for each n. Bugs that need more than one such switch, weak
 * memory or a sanitizer are not here.
 */
#include "runner/base/sanitized.h"
#include "runner/impl_table.h"
#include "runner/keys.h"
#include "runner/map.h"
#include "tests/unit/tap.h"

#if defined(__x86_64__)
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum {
	MOST_STEPS = 4000,
	SPIN_NS = 5000000, /* of CPU time; its operations take a 20th of it */
	HANG_S = 10,
	TRAP = 1 << 8, /* of EFLAGS */
};

/* How a process ends, as waitpid() has it. */
enum { RIGHT = 0, WRONG = 1 << 8, NO_STEP = 2 << 8, HANGS = SIGALRM };

/* What is played: by index of `script`, with the map in `play`. */
struct play {
	const struct rm_map_ops *ops;
	void *map, *mine, *theirs; /* handles of the two threads */
	struct rm_shape shape;
	bool mine_was, theirs_was;
	struct rm_value mine_got, theirs_got;
};

struct script {
	const char *id;
	unsigned prefill; /* ranks 0 .. prefill - 1 */
	void (*mine)(struct play *play);
	void (*theirs)(struct play *play);
	bool (*right)(struct play *play); /* on the first thread, afterwards */
	bool wide;
	int end; /* what the bug ends in */
};

static struct rm_key word(uint64_t word)
{
	return (struct rm_key){ .word = word };
}

static bool put(struct play *play, void *thread, uint64_t key, unsigned version)
{
	const struct rm_value value = rm_value_of(key, 0, version);

	return play->ops->upsert(thread, play->shape, word(key), &value);
}

static bool has(struct play *play, void *thread, uint64_t key)
{
	return play->ops->lookup(
	        thread, play->shape, word(key), &play->theirs_got);
}

static void look_up(struct play *play)
{
	play->mine_was = play->ops->lookup(
	        play->mine, play->shape, word(0), &play->mine_got);
}

static void look_up_too(struct play *play)
{
	play->theirs_was = has(play, play->theirs, 0);
}

static void write_it(struct play *play)
{
	put(play, play->theirs, 0, 1);
}

static void write_often(struct play *play)
{
	for (unsigned i = 1; i <= 128; i++)
		put(play, play->theirs, 0, i);
}

static void write_it_and_another(struct play *play)
{
	put(play, play->theirs, 0, 1);
	put(play, play->theirs, 1, 1);
}

static void grow(struct play *play)
{
	for (unsigned key = 100; key < 200; key++)
		put(play, play->theirs, key, 0);
}

static void grow_mine(struct play *play)
{
	put(play, play->mine, 99, 0);
}

static void shrink(struct play *play)
{
	for (unsigned key = 1; key < 20; key++)
		play->ops->remove(play->theirs, play->shape, word(key));
}

static void insert_mine(struct play *play)
{
	const struct rm_value value = rm_value_of(0, 0, 1);

	play->mine_was = play->ops->insert_if_absent(
	        play->mine, play->shape, word(0), &value, &play->mine_got);
}

static void insert_theirs(struct play *play)
{
	const struct rm_value value = rm_value_of(0, 0, 2);

	play->theirs_was = play->ops->insert_if_absent(
	        play->theirs, play->shape, word(0), &value, &play->theirs_got);
}

static void put_mine(struct play *play)
{
	put(play, play->mine, 0, 1);
}

/* The length, while the first thread is in the middle of its insert. */
static void remove_and_count(struct play *play)
{
	play->ops->remove(play->theirs, play->shape, word(0));
	play->theirs_was = play->ops->length(play->theirs) <= 1;
}

static bool i_found_it(struct play *play)
{
	return play->mine_was &&
	       !rm_value_wrong(play->shape, &play->mine_got, 0);
}

static bool they_were_right(struct play *play)
{
	return play->theirs_was;
}

static bool one_was_first(struct play *play)
{
	return play->mine_was != play->theirs_was;
}

static bool the_write_is_seen(struct play *play)
{
	const struct rm_value value = rm_value_of(0, 0, 1);

	return has(play, play->mine, 0) &&
	       play->theirs_got.word[0] == value.word[0];
}

static const struct script scripts[] = {
	{ "artemis_1851", 2, grow_mine, look_up_too, they_were_right, false,
	        SIGABRT },
	{ "clht_8", 1, look_up, write_it, i_found_it, false, WRONG },
	{ "dashmap_195", 2, NULL, write_it, NULL, false, HANGS },
	{ "flurry_86", 0, put_mine, remove_and_count, they_were_right, false,
	        WRONG },
	{ "high_scale_lib_5", 0, insert_mine, insert_theirs, one_was_first,
	        false, WRONG },
	{ "java_util_348", 4, grow_mine, look_up_too, they_were_right, false,
	        WRONG },
	{ "kvdk_108", 2, look_up, write_it_and_another, i_found_it, false,
	        WRONG },
	{ "libcuckoo_173", 10, look_up, grow, i_found_it, false, WRONG },
	{ "nearcore_14987", 1, look_up, write_it, the_write_is_seen, false,
	        WRONG },
	{ "nethermind_10717", 1, look_up, write_often, i_found_it, true,
	        WRONG },
	{ "pulsar_18390", 20, look_up, shrink, i_found_it, false, SIGABRT },
	{ "pulsar_25644", 20, look_up, shrink, i_found_it, false, SIGABRT },
};

/* The two threads, of the process that plays one n. */
static struct play play;
static const struct script *script;
static pthread_t other;
static _Atomic pid_t other_began; /* its id, once it is at its operations */
static _Atomic bool other_ended;
static sem_t go, joined;
static volatile unsigned steps_left;

static void *other_thread(void *unused)
{
	(void)unused;
	play.theirs = play.ops->join(play.map, 1);
	sem_post(&joined);
	sem_wait(&go);
	other_began = gettid();
	script->theirs(&play);
	other_ended = true;
	return NULL;
}

static bool other_sleeps(void)
{
	char path[64], text[256], *state;
	ssize_t size;
	int file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", other_began);
	file = open(path, O_RDONLY);
	if (file < 0)
		return false;
	size = read(file, text, sizeof(text) - 1);
	close(file);
	text[size < 0 ? 0 : size] = 0;
	state = strrchr(text, ')'); /* the name before may hold anything */
	return state && state[1] && state[2] == 'S';
}

static bool other_spins(void)
{
	struct timespec used = { 0 };
	clockid_t clock;

	if (!pthread_getcpuclockid(other, &clock))
		clock_gettime(clock, &used);
	return used.tv_sec || used.tv_nsec > SPIN_NS;
}

/* Lets the other thread do all of its own, or as much as it can before it
   waits for what this one holds: asleep, or by looking again and again. */
static void let_go(void)
{
	sem_post(&go);
	while (!other_ended &&
	        !(other_began && (other_sleeps() || other_spins())))
		sched_yield();
}

static void set_trap(greg_t *flags, bool on)
{
	*flags = on ? *flags | TRAP : *flags & ~TRAP;
}

static void on_trap(int number, siginfo_t *info, void *context)
{
	ucontext_t *user = context;
	const int keep = errno;

	(void)number, (void)info;
	if (steps_left--)
		return;
	set_trap(&user->uc_mcontext.gregs[REG_EFL], false);
	let_go();
	errno = keep;
}

static bool count_them(
        void *context, struct rm_key key, const struct rm_value *value)
{
	(void)key, (void)value;
	++*(int *)context;
	return true;
}

static void step(bool on)
{
	unsigned long flags = __builtin_ia32_readeflags_u64();

	__builtin_ia32_writeeflags_u64(
	        on ? flags | TRAP : flags & ~(unsigned long)TRAP);
}

/* NO_STEP: the operation has no n-th instruction. */
static void play_in_child(const struct rm_impl *impl, unsigned n)
{
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_NODEFER };
	const struct rm_sizing sizing = { .keys = 100,
		.threads = 2,
		.shape = script->wide ? RM_U64X24 : RM_U64X8,
		.seed = 5 };
	int count = 0;

	play = (struct play){ .ops = impl->ops, .shape = sizing.shape };
	play.map = impl->ops->create(&sizing);
	play.mine = impl->ops->join(play.map, 0);
	for (unsigned key = 0; key < script->prefill; key++)
		put(&play, play.mine, key, 0);
	sem_init(&go, 0, 0);
	sem_init(&joined, 0, 0);
	pthread_create(&other, NULL, other_thread, NULL);
	sem_wait(&joined);
	action.sa_sigaction = on_trap;
	sigaction(SIGTRAP, &action, NULL);
	steps_left = n;
	alarm(HANG_S);
	step(true);
	if (script->mine)
		script->mine(&play);
	else
		impl->ops->scan(play.mine, play.shape, count_them, &count);
	step(false);
	if (steps_left < MOST_STEPS)
		_exit(NO_STEP >> 8);
	pthread_join(other, NULL);
	_exit(!script->right || script->right(&play) ? 0 : WRONG >> 8);
}

/* How the first n that is not right ends, or NO_STEP when there is none. */
static int first_wrong(const struct rm_impl *impl, unsigned *n)
{
	for (*n = 0; *n < MOST_STEPS; ++*n) {
		int status = 0;
		const pid_t child = fork();

		if (!child)
			play_in_child(impl, *n);
		if (waitpid(child, &status, 0) != child)
			return -1;
		status &= ~0x80; /* whether there is a core file */
		if (status != RIGHT)
			return status;
	}
	return -1;
}

static const struct rm_impl *find_impl(const char *id, const char *end)
{
	char name[100];

	snprintf(name, sizeof(name), "%s%s", id, end);
	for (size_t i = 0; i < rm_impl_count; i++)
		if (!strcmp(rm_impl_table[i]->id, name))
			return rm_impl_table[i];
	return NULL;
}

static void play_script(void)
{
	char name[200];
	unsigned n;
	int end;

	end = first_wrong(find_impl(script->id, ""), &n);
	snprintf(name, sizeof(name), "%s goes wrong at one switch", script->id);
	CHECK(end == script->end, name);
	printf("# after instruction %u it ends with %#x\n", n, (unsigned)end);
	end = first_wrong(find_impl(script->id, "_twin"), &n);
	snprintf(name, sizeof(name), "%s_twin is right at each", script->id);
	CHECK(end == NO_STEP, name);
	printf("# after instruction %u it ends with %#x\n", n, (unsigned)end);
}

int main(void)
{
	if (rm_sanitized()) {
		SKIP("published bugs at one switch", "no single steps here");
		return DONE();
	}
	for (size_t i = 0; i < sizeof(scripts) / sizeof(scripts[0]); i++) {
		script = scripts + i;
		play_script();
	}
	return DONE();
}
#else
int main(void)
{
	SKIP("published bugs at one switch", "no single steps here");
	return DONE();
}
#endif
