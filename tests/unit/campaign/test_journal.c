/* SPDX-License-Identifier: Apache-2.0 */
/* test_journal.c - the journal after crashes, full disks and second owners. */
#include "runner/campaign/internal.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char dir[64];
static char path[128]; /* path of trials.jsonl */

/* State of the simulated fsync(): size of the file at the last call, and which
   calls to interrupt and to fail. A test with kill -9 could not detect a
   missing fsync(). */
static off_t synced_bytes;
static unsigned syncs, interrupts, failures;

int fsync(int fd)
{
	struct stat found;

	syncs++;
	if (interrupts && interrupts--) {
		errno = EINTR;
		return -1;
	}
	if (failures && failures--) {
		errno = EIO;
		return -1;
	}
	synced_bytes = fstat(fd, &found) ? -1 : found.st_size;
	return (int)syscall(SYS_fsync, fd);
}

static void fresh_folder(void)
{
	strcpy(dir, "/tmp/test_journal.XXXXXX");
	if (!mkdtemp(dir))
		abort();
	snprintf(path, sizeof(path), "%s/trials.jsonl", dir);
}

static void remove_folder(void)
{
	char lock[128];

	snprintf(lock, sizeof(lock), "%s/lock", dir);
	unlink(path);
	unlink(lock);
	rmdir(dir);
}

/* Adds a checksum to complete lines that are objects. */
static void put_text(const char *text)
{
	FILE *file = fopen(path, "w");
	const char *end;

	for (; (end = strchr(text, '\n')); text = end + 1) {
		json_t *line = json_loadb(text, (size_t)(end - text), 0, NULL);
		char *sealed = line ? rm_line_seal(line) : NULL;

		if (sealed)
			fputs(sealed, file);
		else
			fwrite(text, 1, (size_t)(end - text) + 1, file);
		free(sealed);
		json_decref(line);
	}
	fputs(text, file);
	fclose(file);
}

static size_t size_of_file(void)
{
	struct stat found;

	return stat(path, &found) ? 0 : (size_t)found.st_size;
}

static json_t *trial_of(const char *cell, int block, const char *arm)
{
	return json_pack("{s:s, s:i, s:s, s:s}", "cell", cell, "block", block,
	        "arm", arm, "status", "ok");
}

static int append(struct rm_journal *journal, const char *cell, int block,
        const char *arm, struct rm_error *error)
{
	json_t *trial = trial_of(cell, block, arm);
	int result = rm_journal_append(journal, trial, error);

	json_decref(trial);
	return result;
}

static int count_trial(
        void *context, const json_t *trial, struct rm_error *error)
{
	(void)error;
	*(int *)context += json_is_object(trial);
	return 0;
}

/* Returns NULL after an error. */
static struct rm_journal *reopen(
        int *seen, size_t *torn_bytes, struct rm_error *error)
{
	struct rm_journal *journal = NULL;

	*error = (struct rm_error){ 0 };
	*seen = 0;
	*torn_bytes = 0;
	if (rm_journal_open(dir, &journal, torn_bytes, error) ||
	        rm_journal_read(journal, count_trial, seen, error))
		printf("# %s\n", error->text);
	return journal;
}

static void append_and_find(void)
{
	struct rm_error error;
	size_t torn;
	int seen;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	CHECK(journal && seen == 0, "a new folder has an empty journal");
	CHECK(!append(journal, "a", 0, "head", &error) &&
	                !append(journal, "a", 1, "head", &error) &&
	                !append(journal, "a", 0, "base", &error),
	        "a different block or arm is a different trial");
	CHECK(append(journal, "a", 1, "head", &error) == -EEXIST &&
	                strstr(error.text, "a duplicate line of a block 1 "
	                                   "attempt 1 arm head"),
	        "a duplicate trial is rejected and named");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == 3 && torn == 0 &&
	                rm_journal_length(journal) == 3,
	        "appended lines are read back");
	CHECK(rm_journal_find(journal, "a", 1, 1, "head") &&
	                rm_journal_find(journal, "a", 0, 1, "base") &&
	                !rm_journal_find(journal, "a", 1, 1, "base") &&
	                !rm_journal_find(journal, "b", 0, 1, "head"),
	        "only appended trials are found");
	rm_journal_close(journal);
	remove_folder();
}

static void cut_torn_line(void)
{
	static const char whole[] =
	        "{\"cell\":\"a\",\"block\":0,\"arm\":\"head\"}\n";
	/* even a torn line that is a complete object is not trusted */
	static const char *const tails[] = { "{\"cell\":\"a\",\"blo",
		"{\"cell\":\"a\",\"block\":1,\"arm\":\"head\"}", "\x01",
		"{\"cell\":\"a\",\x01\x01\"arm\":\"head\"}\n", "\n" };

	fresh_folder();
	for (size_t i = 0; i < sizeof(tails) / sizeof(*tails); i++) {
		struct rm_error error;
		char text[256];
		size_t torn;
		int seen;

		snprintf(text, sizeof(text), "%s%s", whole, tails[i]);
		put_text(text);
		size_t whole_bytes = size_of_file() - strlen(tails[i]);
		struct rm_journal *journal = reopen(&seen, &torn, &error);

		CHECK(journal && seen == 1 && torn == strlen(tails[i]),
		        "an incomplete last line is not read");
		CHECK(size_of_file() == whole_bytes,
		        "a torn line is cut off the file");
		CHECK(journal && !append(journal, "a", 1, "head", &error),
		        "a torn line's trial can be appended");
		rm_journal_close(journal);
		journal = reopen(&seen, &torn, &error);
		CHECK(journal && seen == 2 && torn == 0,
		        "after that, the journal is complete");
		rm_journal_close(journal);
	}
	remove_folder();
}

static void reject_damage(void)
{
	static const struct {
		const char *text, *words, *name;
	} cases[] = {
		{ "noise\n{\"cell\":\"a\",\"block\":0,\"arm\":\"h\"}\n",
		        "trials.jsonl:1: not JSON",
		        "a line of noise is rejected" },
		{ "\n\n", "trials.jsonl:1: not JSON",
		        "two empty lines are rejected" },
		{ "noise\n{", "trials.jsonl:1: not JSON",
		        "a line of noise before a torn one is rejected" },
		{ "{\"cell\":\"a\",\"block\":0}\n",
		        "trials.jsonl:1: not a trial",
		        "a line without arm is rejected" },
		{ "{\"cell\":\"a\",\"block\":0,\"arm\":\"h\"}\n"
		  "{\"cell\":\"b\",\"block\":0,\"arm\":\"h\"}\n"
		  "{\"cell\":\"a\",\"block\":0,\"arm\":\"h\"}\n",
		        "trials.jsonl:3: a duplicate line of a block 0 "
		        "attempt ",
		        "a duplicate" },
	};

	fresh_folder();
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct rm_error error;
		size_t torn;
		int seen;

		put_text(cases[i].text);
		size_t bytes = size_of_file();
		struct rm_journal *journal = reopen(&seen, &torn, &error);

		CHECK(!journal && strstr(error.text, cases[i].words),
		        cases[i].name);
		CHECK(size_of_file() == bytes,
		        "a damaged journal is left unchanged");
		rm_journal_close(journal);
	}
	remove_folder();
}

/* A line with any flipped bit is detected. A bit that creates or removes a
   newline results in two lines or a torn one. */
static void detect_flipped_bits(void)
{
	struct rm_error error;
	size_t torn, taken = 0, bits = 0, size;
	char whole[256];
	int seen;

	fresh_folder();
	put_text("{\"cell\":\"a\",\"block\":3,\"arm\":\"head\",\"ops\":812}\n"
	         "{\"cell\":\"a\",\"block\":4,\"arm\":\"head\",\"ops\":813}\n");
	int fd = open(path, O_RDWR);

	/* the last line of a journal may be torn */
	size = (size_t)read(fd, whole, sizeof(whole)) / 2;
	for (size_t at = 0; at + 1 < size; at++)
		for (unsigned bit = 0; bit < 8; bit++, bits++) {
			struct rm_journal *journal = NULL;
			char changed = (char)(whole[at] ^ (1 << bit));

			if (pwrite(fd, &changed, 1, (off_t)at) != 1)
				abort();
			error = (struct rm_error){ 0 };
			taken += !rm_journal_open(dir, &journal, &torn, &error);
			rm_journal_close(journal);
			if (pwrite(fd, &whole[at], 1, (off_t)at) != 1)
				abort();
		}
	close(fd);
	printf("# %zu bits\n", bits);
	CHECK(bits > 500 && taken == 0,
	        "no line with a flipped bit is accepted");
	rm_journal_close(reopen(&seen, &torn, &error));
	CHECK(seen == 2, "unchanged lines are accepted");
	remove_folder();
}

static void reject_second_owner(void)
{
	struct rm_error error;
	char owner_text[64];
	int ready[2], seen;
	size_t torn;

	fresh_folder();
	if (pipe(ready))
		abort();
	pid_t owner = fork();

	if (owner == 0) {
		struct rm_journal *mine = reopen(&seen, &torn, &error);

		if (!mine || write(ready[1], "x", 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], owner_text, 1) != 1)
		abort();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	snprintf(owner_text, sizeof(owner_text), "process %d runs", (int)owner);
	CHECK(!journal && strstr(error.text, owner_text),
	        "a second owner is rejected, and the error names the first");
	rm_journal_close(journal);
	kill(owner, SIGKILL);
	waitpid(owner, NULL, 0);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal != NULL, "ownership ends with the process");
	rm_journal_close(journal);
	close(ready[0]);
	close(ready[1]);
	remove_folder();
}

static void stop_at_file_limit(void)
{
	struct rlimit before, small = { 4096, 4096 };
	struct rm_error error;
	int seen, appended = 0, result = 0;
	size_t torn;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	while (!result && appended < 1000) {
		result = append(journal, "a", appended, "head", &error);
		appended += !result;
	}
	printf("# after %d: %s\n", appended, error.text);
	CHECK(result == -EFBIG && strstr(error.text, "trials.jsonl: cannot") &&
	                strstr(error.text, "File too large"),
	        "a file limit is an error with the system's reason");
	/* the limit is lifted, but a journal that lost a line must stay
	   closed */
	setrlimit(RLIMIT_FSIZE, &before);
	CHECK(append(journal, "b", 0, "head", &error) == -EFBIG,
	        "nothing is appended after a failure");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == appended && torn == 0,
	        "lines appended before are complete, the failed one is gone");
	rm_journal_close(journal);
	remove_folder();
}

static void sync_each_line(void)
{
	struct rm_error error;
	bool each = true;
	size_t torn;
	int seen;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	for (int i = 0; i < 5; i++) {
		unsigned before = syncs;

		each &= !append(journal, "a", i, "head", &error) &&
		        syncs == before + 1 &&
		        synced_bytes == (off_t)size_of_file();
	}
	CHECK(each, "append() returns after the complete line is synced");
	interrupts = 3;
	CHECK(!append(journal, "a", 5, "head", &error) && !interrupts &&
	                synced_bytes == (off_t)size_of_file(),
	        "an interrupted sync is repeated");
	failures = 1;
	CHECK(append(journal, "a", 6, "head", &error) == -EIO &&
	                append(journal, "a", 7, "head", &error) == -EIO,
	        "a failed sync stops the journal");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == 6 && torn == 0,
	        "the line whose sync failed is removed");
	rm_journal_close(journal);
	remove_folder();
}

/* Removes the file of dropped lines. Returns true if it existed. */
static bool remove_unfinished(void)
{
	char unfinished[128];

	snprintf(unfinished, sizeof(unfinished), "%s/unfinished.jsonl", dir);
	return !unlink(unfinished);
}

/* Drops a trial of cell "a" and all later trials. */
static int drop_from(struct rm_journal *journal, long long block,
        size_t *dropped, struct rm_error *error)
{
	char key[RM_TRIAL_KEY_BYTES];
	json_t *from = json_object();

	snprintf(key, sizeof(key), RM_TRIAL_KEY, "a", block, 1LL, "head");
	json_object_set_new(from, key, json_true());
	int result = rm_journal_drop(journal, from, dropped, error);

	json_decref(from);
	return result;
}

static void drop_trials(void)
{
	struct rm_error error;
	size_t torn, dropped;
	int seen;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	for (int block = 0; block < 3; block++) {
		append(journal, "a", block, "head", &error);
		append(journal, "b", block, "head", &error);
	}
	CHECK(!drop_from(journal, 1, &dropped, &error) && dropped == 4 &&
	                rm_journal_length(journal) == 2,
	        "a trial and all later ones are dropped");
	CHECK(rm_journal_find(journal, "b", 0, 1, "head") &&
	                !rm_journal_find(journal, "a", 1, 1, "head") &&
	                !append(journal, "a", 1, "head", &error),
	        "a dropped trial is not found and can be appended");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == 3 && torn == 0, "a reopened journal agrees");
	rm_journal_close(journal);
	CHECK(remove_unfinished(), "dropped lines are saved");
	remove_folder();
}

/* There are more lines than stdio buffers, so the other lines exist only in the
   journal. */
static void fail_to_save_dropped(void)
{
	struct rlimit before, small = { 4096, 4096 };
	struct rm_error error;
	size_t torn, dropped, bytes;
	int seen, count = 0;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	while (size_of_file() < 5 * 4096)
		append(journal, "a", count++, "head", &error);
	bytes = size_of_file();
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	int result = drop_from(journal, 0, &dropped, &error);

	setrlimit(RLIMIT_FSIZE, &before);
	printf("# %s\n", error.text);
	CHECK(result == -EFBIG && strstr(error.text, "File too large") &&
	                size_of_file() == bytes,
	        "lines that cannot be saved stay in the journal");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == count && torn == 0, "all lines are left");
	rm_journal_close(journal);
	remove_unfinished();
	remove_folder();
}

/* A line that cannot be synced is cut off, so that the file ends where it did
   after the drop. */
static void fail_after_drop(void)
{
	struct rm_error error;
	size_t torn, dropped, kept_bytes;
	int seen;

	fresh_folder();
	struct rm_journal *journal = reopen(&seen, &torn, &error);

	for (int block = 0; block < 3; block++)
		append(journal, "a", block, "head", &error);
	CHECK(!drop_from(journal, 1, &dropped, &error) && dropped == 2,
	        "two of three blocks are dropped");
	kept_bytes = size_of_file();
	failures = 1;
	CHECK(append(journal, "a", 1, "head", &error) == -EIO &&
	                size_of_file() == kept_bytes,
	        "a line that is lost after a drop is cut off");
	rm_journal_close(journal);
	journal = reopen(&seen, &torn, &error);
	CHECK(journal && seen == 1 && torn == 0,
	        "the block before the drop is read back");
	rm_journal_close(journal);
	remove_unfinished();
	remove_folder();
}

static void replace_file(void)
{
	struct rlimit before, small = { 16, 16 };
	struct rm_error error = { 0 };
	char text[64] = "", file[128];

	fresh_folder();
	snprintf(file, sizeof(file), "%s/campaign.json", dir);
	CHECK(!rm_file_replace(dir, "campaign.json", "old", 3, &error),
	        "a file is written");
	getrlimit(RLIMIT_FSIZE, &before);
	small.rlim_max = before.rlim_max;
	setrlimit(RLIMIT_FSIZE, &small);
	int result = rm_file_replace(dir, "campaign.json",
	        "a new text that is too long", 27, &error);

	setrlimit(RLIMIT_FSIZE, &before);
	printf("# %s\n", error.text);
	int fd = open(file, O_RDONLY);
	ssize_t got = read(fd, text, sizeof(text) - 1);

	close(fd);
	CHECK(result == -EFBIG && strstr(error.text, "File too large"),
	        "a failed write reports the reason");
	CHECK(got == 3 && !strcmp(text, "old"),
	        "a failed write keeps the old file");
	CHECK(!unlink(file) && !rmdir(dir),
	        "a failed write leaves no other file");
}

int main(void)
{
	append_and_find();
	cut_torn_line();
	reject_damage();
	detect_flipped_bits();
	reject_second_owner();
	stop_at_file_limit();
	sync_each_line();
	drop_trials();
	fail_to_save_dropped();
	fail_after_drop();
	replace_file();
	return DONE();
}
