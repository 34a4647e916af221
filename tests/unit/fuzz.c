/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz.c - see fuzz.h. */
#include "tests/unit/fuzz.h"

#include <ctype.h>
#include <fcntl.h>
#include <ftw.h>
#include <jansson.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum {
	SEEDS_MAX = 64,
	UNSOUND_MAX = 5,
	HANG_S = 60,
	PATHS = 10,
	SHOWN_BYTES = 2000,
	PATH_BYTES = 256
};

/* The current input. It is global because a callback of the sanitizers and a
   signal handler need it. */
static struct {
	const char *name;
	uint64_t seed, number;
} now;

static char folder[64]; /* folder of fuzz_path() */

static uint64_t environment(const char *name, uint64_t preset)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 10) : preset;
}

static void print_input(void)
{
	char text[160];
	int size = snprintf(text, sizeof(text),
	        "# %s: input %" PRIu64 " (FUZZ_SEED=%" PRIu64
	        " FUZZ_FIRST=%" PRIu64 " FUZZ_INPUTS=1)\n",
	        now.name, now.number, now.seed, now.number);

	if (write(STDERR_FILENO, text, (size_t)size) < 0)
		return;
}

static void remove_folder(void);

/* Removes files before the process ends. */
static void clean_up(void)
{
	print_input();
	remove_folder();
}

/* Ends the process after an abort by a sanitizer or parser, or after the timer
   has expired. */
static void stop(int number)
{
	clean_up();
	signal(SIGABRT, SIG_DFL);
	if (number == SIGPROF)
		abort();
}

/* With both sanitizer runtimes, only an abort lets this process handle an
   error. Freed memory is kept for some hundreds of inputs only, instead of 256
   MB, which would not fit into caches. That makes the test 1.5 times as
   fast. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1:quarantine_size_mb=16";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "abort_on_error=1:print_stacktrace=1";
}

/* Limits CPU time, since other processes may use the CPU. */
static void watch(void)
{
	struct itimerval limit = { .it_value.tv_sec = HANG_S };

	setitimer(ITIMER_PROF, &limit, NULL);
}

static double cpu_seconds(void)
{
	struct timespec spent;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &spent);
	return (double)spent.tv_sec + 1e-9 * (double)spent.tv_nsec;
}

static char *load(const char *file, size_t *length)
{
	FILE *in = fopen(file, "r");
	char *text = malloc(FUZZ_BYTES);

	if (!in || !text) {
		printf("Bail out! %s cannot be read\n", file);
		exit(1);
	}
	*length = fread(text, 1, FUZZ_BYTES, in);
	fclose(in);
	return text;
}

/* Seeds that are longer than an input are truncated, which is also a
   mutation. */
static void collect(const struct fuzz_parser *parser,
        struct fuzz_corpus *corpus, char **seeds, size_t *bytes)
{
	size_t n = 0;

	while (parser->words[corpus->word_count])
		corpus->word_count++;
	for (size_t i = 0; parser->files && parser->files[i]; i++) {
		seeds[n] = load(parser->files[i], &bytes[n]);
		n++;
	}
	for (size_t i = 0; parser->texts && parser->texts[i]; i++) {
		seeds[n] = strdup(parser->texts[i]);
		bytes[n] = strnlen(seeds[n], FUZZ_BYTES);
		n++;
	}
	corpus->words = parser->words;
	corpus->seeds = (const char *const *)seeds;
	corpus->seed_bytes = bytes;
	corpus->seed_count = n;
}

static enum fuzz_verdict judge(
        const struct fuzz_parser *parser, struct fuzz_input *input, char *why)
{
	char *exact = malloc(input->length + !input->length);

	memcpy(exact, input->text, input->length);
	why[0] = '\0';
	enum fuzz_verdict verdict =
	        parser->judge(input, exact, input->length, why);

	if (verdict == FUZZ_REFUSED && !fuzz_is_line(why))
		verdict = FUZZ_UNSOUND;
	free(exact);
	return verdict;
}

static void print_unsound(const struct fuzz_input *input, const char *why)
{
	const char *most = getenv("FUZZ_SHOWN"); /* bytes of an input that are
	                                            printed */
	size_t shown = most ? strtoull(most, NULL, 10) : SHOWN_BYTES;

	fflush(stdout);
	print_input();
	printf("# \"%s\" for %zu bytes:\n# ", why, input->length);
	for (size_t i = 0; i < input->length && i < shown; i++)
		printf(input->text[i] == '\n' ? "\n# " : "%c", input->text[i]);
	printf("\n");
}

static void count_verdict(
        struct fuzz_outcome *outcome, enum fuzz_verdict verdict)
{
	outcome->inputs++;
	outcome->taken += verdict == FUZZ_TAKEN;
	outcome->refused += verdict == FUZZ_REFUSED;
	outcome->unsound += verdict == FUZZ_UNSOUND;
}

/* Runs inputs from number `first` on, until the time limit, the number of
   inputs or the limit of unsound results is reached. */
static struct fuzz_outcome run_inputs(const struct fuzz_parser *parser,
        const struct fuzz_corpus *corpus, uint64_t first, uint64_t inputs)
{
	static struct fuzz_input input; /* 16 KiB, too large for the stack */
	struct fuzz_outcome outcome = { 0 };
	double last = cpu_seconds() + (double)environment("FUZZ_SECONDS", 3600);
	char why[FUZZ_WHY];

	for (uint64_t i = first;
	        i < first + inputs && outcome.unsound < UNSOUND_MAX; i++) {
		now.number = i;
		if (i % 64 == 0 && cpu_seconds() > last)
			break;
		watch();
		fuzz_make(corpus, now.seed, i, &input);
		if (parser->prepare)
			parser->prepare(&input);
		enum fuzz_verdict verdict = judge(parser, &input, why);

		count_verdict(&outcome, verdict);
		if (verdict == FUZZ_UNSOUND)
			print_unsound(&input, why);
	}
	return outcome;
}

struct fuzz_outcome fuzz_run(const struct fuzz_parser *parser, uint64_t inputs)
{
	struct fuzz_corpus corpus = { 0 };
	char *seeds[SEEDS_MAX];
	size_t bytes[SEEDS_MAX];
	double start_s = cpu_seconds();
	const char *only = getenv("FUZZ_ONLY");

	if (only && *only && strcmp(only, parser->name))
		return (struct fuzz_outcome){ 0 };

	collect(parser, &corpus, seeds, bytes);
	now.name = parser->name;
	now.seed = environment("FUZZ_SEED", 1);
	signal(SIGPROF, stop);
	signal(SIGABRT, stop);
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0, 0 });
	struct fuzz_outcome outcome =
	        run_inputs(parser, &corpus, environment("FUZZ_FIRST", 0),
	                environment("FUZZ_INPUTS", inputs));

	setitimer(ITIMER_PROF, &(struct itimerval){ 0 }, NULL);
	printf("# fuzz\t%s\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64 "\t%" PRIu64
	       "\t%.3f\n",
	        parser->name, now.seed, outcome.inputs, outcome.taken,
	        outcome.refused, cpu_seconds() - start_s);
	fflush(stdout); /* this row is printed even if the next parser ends the
	                   process */
	while (corpus.seed_count)
		free(seeds[--corpus.seed_count]);
	return outcome;
}

bool fuzz_is_line(const char *text)
{
	if (!text[0])
		return false;
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			return false;
	return true;
}

bool fuzz_names_line(const char *text, const char *prefix)
{
	size_t length = strlen(prefix);

	return !strncmp(text, prefix, length) && text[length] >= '1' &&
	       text[length] <= '9';
}

bool fuzz_member_twice(const char *text, size_t length)
{
	json_error_t error;
	json_t *json = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	bool twice =
	        !json && json_error_code(&error) == json_error_duplicate_key;

	json_decref(json);
	return twice;
}

/* Returns the length in bytes of the key at the start of a line, or 0 if there
   is no key. */
static size_t key_length(const char *line, size_t length)
{
	size_t key = 0;

	while (key < length &&
	        (islower((unsigned char)line[key]) ||
	                isdigit((unsigned char)line[key]) || line[key] == '-'))
		key++;
	return key;
}

bool fuzz_key_twice(const char *text, size_t length)
{
	const char *section = text, *end = text + length;

	for (const char *line = text; line < end;) {
		const char *stop = memchr(line, '\n', (size_t)(end - line));
		size_t key = key_length(line, (size_t)(end - line));

		stop = stop ? stop + 1 : end;
		if (line[0] == '[')
			section = stop;
		for (const char *other = section; key && other < line;
		        other = (const char *)memchr(
		                        other, '\n', (size_t)(end - other)) +
		                1)
			if (key_length(other, (size_t)(end - other)) == key &&
			        !memcmp(line, other, key))
				return true;
		line = stop;
	}
	return false;
}

static int remove_one(
        const char *path, const struct stat *status, int kind, struct FTW *ftw)
{
	(void)status, (void)kind, (void)ftw;
	return remove(path);
}

static void remove_folder(void)
{
	if (folder[0])
		nftw(folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* Uses a folder in memory if possible, since there are many inputs. */
static void make_folder(void)
{
	bool in_memory = !access("/dev/shm", W_OK);

	snprintf(folder, sizeof(folder), "%s/fuzz-XXXXXX",
	        in_memory ? "/dev/shm" : "/tmp");
	if (!mkdtemp(folder)) {
		printf("Bail out! %s cannot be made\n", folder);
		exit(1);
	}
	atexit(remove_folder);
}

const char *fuzz_path(const char *name)
{
	static char paths[PATHS][PATH_BYTES];
	static unsigned next;
	char *path = paths[next++ % PATHS];

	if (!folder[0])
		make_folder();
	snprintf(path, PATH_BYTES, "%s/%s", folder, name);
	return path;
}

static void make_folders(const char *path)
{
	char copy[PATH_BYTES];

	snprintf(copy, sizeof(copy), "%s", path);
	for (char *slash = copy + strlen(folder) + 1;
	        (slash = strchr(slash, '/')); *slash++ = '/') {
		*slash = '\0';
		mkdir(copy, 0700);
	}
}

const char *fuzz_file(const char *name, const char *text, size_t length)
{
	const char *path = fuzz_path(name);
	int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
	int fd = open(path, flags, 0600);

	if (fd < 0) {
		make_folders(path);
		fd = open(path, flags, 0600);
	}
	if (fd < 0 || write(fd, text, length) != (ssize_t)length) {
		printf("Bail out! %s cannot be written\n", path);
		exit(1);
	}
	close(fd);
	return path;
}
