/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - appends and syncs lines of trials.jsonl, and reads them back. */
#include "runner/campaign/internal.h"

#include "runner/base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rm_journal {
	char path[RM_PATH_BYTES];
	int lock;     /* descriptor; closing it releases the lock */
	int fd;       /* trials.jsonl, O_APPEND */
	json_t *done; /* maps rm_trial_key() to enum rm_attempt_state */
	size_t bytes; /* size of the complete lines */
	int broken;   /* error after which every append fails; or 0 */
};

/* State of one pass over the journal. */
struct reading {
	struct rm_journal *journal;
	rm_journal_fn *fn; /* NULL: only record the trials and count bytes */
	void *context;
	const json_t *from; /* drop the first of these trials and all later
	                     * lines */
	size_t kept_bytes;  /* number of bytes before the dropped lines */
	size_t dropped;     /* number of dropped lines */
	size_t torn_bytes;
	struct rm_error bad; /* reason why the last line is incomplete, or "" */
	struct rm_error *error;
};

int rm_trial_key(const json_t *trial, char key[RM_TRIAL_KEY_BYTES],
        struct rm_error *error)
{
	const char *cell = json_string_value(json_object_get(trial, "cell"));
	const char *arm = json_string_value(json_object_get(trial, "arm"));
	const json_t *block = json_object_get(trial, "block");
	const json_t *attempt = json_object_get(trial, "attempt");

	if (!cell || !arm || !json_is_integer(block) ||
	        json_integer_value(block) < 0)
		return rm_error_set(error, -EINVAL,
		        "not a trial, expected an object with cell, block and "
		        "arm");
	if (attempt &&
	        !(json_is_integer(attempt) && json_integer_value(attempt) >= 1))
		return rm_error_set(
		        error, -EINVAL, "attempt: expected an integer from 1");
	/* The block's number separates cell and arm, so that keys are
	   unique. */
	if (snprintf(key, RM_TRIAL_KEY_BYTES, RM_TRIAL_KEY, cell,
	            (long long)json_integer_value(block),
	            attempt ? (long long)json_integer_value(attempt) : 1,
	            arm) >= RM_TRIAL_KEY_BYTES)
		return rm_error_set(error, -EINVAL,
		        "cell and arm are too long, expected under %d bytes",
		        RM_TRIAL_KEY_BYTES);
	return 0;
}

/* True if this is a trial's first attempt, or if the previous attempt has a
   line. */
static bool has_previous_attempt(
        const struct rm_journal *journal, const json_t *trial)
{
	char key[RM_TRIAL_KEY_BYTES];
	json_int_t attempt =
	        json_integer_value(json_object_get(trial, "attempt"));

	if (attempt <= 1)
		return true;
	snprintf(key, sizeof(key), RM_TRIAL_KEY,
	        json_string_value(json_object_get(trial, "cell")),
	        (long long)json_integer_value(json_object_get(trial, "block")),
	        (long long)attempt - 1,
	        json_string_value(json_object_get(trial, "arm")));
	return json_object_get(journal->done, key) != NULL;
}

/* Adds a trial to `done`; -EEXIST if the trial already has a line. */
static int add_trial(
        struct rm_journal *journal, const json_t *trial, struct rm_error *error)
{
	char key[RM_TRIAL_KEY_BYTES];
	int result = rm_trial_key(trial, key, error);

	if (result)
		return result;
	if (json_object_get(journal->done, key))
		return rm_error_set(error, -EEXIST,
		        "a duplicate line of %s, expected one", key);
	if (!has_previous_attempt(journal, trial))
		return rm_error_set(error, -EINVAL,
		        "%s has no line of its previous attempt before it",
		        key);
	if (json_object_set_new(journal->done, key,
	            json_integer((json_int_t)rm_attempt_state_of(trial))))
		return rm_error_set(error, -ENOMEM, "no memory");
	return 0;
}

/* Reports a line that prevents a resume. */
static int reject_line(const struct reading *reading, const char *what)
{
	const char *path = reading->journal->path;

	return rm_error_set(reading->error, -EINVAL,
	        "%s: `readmostly dev validate %.*s` prints what can be kept",
	        what, (int)(rm_folder_name(path) - path - 1), path);
}

/* Counts the bytes of a torn line. A power loss may damage a last line although
   its newline was written. So a damaged line counts as torn if no line follows
   it. */
static int count_torn(
        struct reading *reading, size_t number, size_t bytes, const char *what)
{
	if (reading->fn) /* a later pass: opening has removed torn lines */
		return rm_error_set(reading->error, -EINVAL, "%s:%zu: %s",
		        reading->journal->path, number, what);
	rm_error_set(&reading->bad, -EINVAL, "%s:%zu: %s",
	        reading->journal->path, number, what);
	reading->torn_bytes = bytes;
	return 0;
}

/* Reads one line. A damaged line that is not the last one is an error, since
   the journal may have been edited. The last line is torn if it has no newline,
   is not JSON, or has a wrong checksum. The caller removes the torn bytes. */
static int read_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct reading *reading = context;
	struct rm_error why = { 0 };
	json_error_t where;
	char what[200];

	if (reading->bad.text[0])
		return reject_line(reading, reading->bad.text);
	if (is_torn) {
		reading->torn_bytes = size;
		return 0;
	}
	json_t *trial = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	int result = 0;

	if (!trial) {
		snprintf(what, sizeof(what),
		        "not JSON (%.120s), expected one trial", where.text);
		return count_torn(reading, number, size + 1, what);
	}
	if (rm_line_check(text, size) != RM_SEAL_WHOLE) {
		json_decref(trial);
		return count_torn(reading, number, size + 1,
		        "changed since it was written, expected a line with "
		        "its crc32");
	}
	if (reading->fn)
		result = reading->fn(reading->context, trial, &why);
	else
		result = add_trial(reading->journal, trial, &why);
	json_decref(trial);
	if (!result && !reading->fn)
		reading->journal->bytes += size + 1;
	if (!result)
		return 0;
	rm_error_set(&reading->bad, -EINVAL, "%s:%zu: %s",
	        reading->journal->path, number, why.text);
	reject_line(reading, reading->bad.text);
	return result == -ENOMEM ? result : -EINVAL;
}

static int set_system_error(const struct rm_journal *journal, const char *what,
        int result, struct rm_error *error)
{
	return rm_error_set(error, result, "%s: cannot be %s: %s",
	        journal->path, what, rm_write_reason(result));
}

/* Opens the file, reads it and removes a torn line. */
static int open_lines(struct rm_journal *journal, struct reading *reading)
{
	journal->fd = rm_file_open_nofollow(journal->path, O_WRONLY | O_APPEND);
	if (journal->fd < 0)
		return set_system_error(
		        journal, "opened", journal->fd, reading->error);
	int result = rm_lines_read(
	        journal->path, read_line, reading, reading->error);

	if (result || !reading->torn_bytes)
		return result;
	if (ftruncate(journal->fd, (off_t)journal->bytes))
		return set_system_error(journal, "cut", -errno, reading->error);
	result = rm_file_sync(journal->fd);
	return result ? set_system_error(
	                        journal, "synced", result, reading->error)
	              : 0;
}

int rm_journal_open(const char *dir, struct rm_journal **journal,
        size_t *torn_bytes, struct rm_error *error)
{
	struct rm_journal *opened = calloc(1, sizeof(*opened));
	struct reading reading = { .journal = opened, .error = error };
	int result = -ENOMEM;

	if (!opened)
		return rm_error_set(error, -ENOMEM, "no memory");
	opened->fd = opened->lock = -1;
	opened->done = json_object();
	if (!opened->done) {
		rm_error_set(error, -ENOMEM, "no memory");
		goto out;
	}
	result = rm_path_join(opened->path, dir, "trials.jsonl", error);
	if (result)
		goto out;
	opened->lock = result = rm_folder_lock(dir, error);
	if (result < 0)
		goto out;
	result = open_lines(opened, &reading);
	*torn_bytes = reading.torn_bytes;
out:
	if (result < 0)
		rm_journal_close(opened);
	else
		*journal = opened;
	return result < 0 ? result : 0;
}

int rm_journal_read(struct rm_journal *journal, rm_journal_fn *fn,
        void *context, struct rm_error *error)
{
	struct reading reading = {
		.journal = journal,
		.fn = fn,
		.context = context,
		.error = error,
	};

	return rm_lines_read(journal->path, read_line, &reading, error);
}

/* Finds the first line to drop. */
static int find_cut(void *context, size_t number, const char *text, size_t size,
        bool is_torn)
{
	struct reading *reading = context;
	char key[RM_TRIAL_KEY_BYTES];
	json_t *trial = json_loadb(text, size, 0, NULL);
	bool is_trial = !rm_trial_key(trial, key, reading->error);

	(void)number;
	(void)is_torn;
	if (!reading->dropped &&
	        !(is_trial && json_object_get(reading->from, key))) {
		reading->kept_bytes += size + 1;
	} else {
		reading->dropped++;
		if (is_trial)
			json_object_del(reading->journal->done, key);
	}
	json_decref(trial);
	return 0;
}

/* Appends the dropped lines to DIR/unfinished.jsonl and syncs this file, before
   they are removed from the journal. So no measurement is lost (requirement
   R31). */
static int save_dropped(
        const struct rm_journal *journal, size_t from, struct rm_error *error)
{
	char path[RM_PATH_BYTES], piece[65536];
	FILE *in = fopen(journal->path, "re"), *out = NULL;
	int result = 0;
	size_t got;

	snprintf(path, sizeof(path), "%.*sunfinished.jsonl",
	        (int)(strlen(journal->path) - strlen("trials.jsonl")),
	        journal->path);
	if (in && !fseek(in, (long)from, SEEK_SET)) {
		int fd = rm_file_open_nofollow(path, O_WRONLY | O_APPEND);

		out = fd < 0 ? NULL : fdopen(fd, "a");
	}
	/* fwrite() returns success for buffered data; ferror() reports the
	   error of a later flush */
	while (out && !ferror(out) &&
	        (got = fread(piece, 1, sizeof(piece), in)))
		fwrite(piece, 1, got, out);
	if (!out || ferror(in) || ferror(out) || fflush(out) ||
	        (errno = -rm_file_sync(fileno(out))))
		result = rm_error_set(error, -(errno ? errno : EIO),
		        "%s: cannot be written: %s", path,
		        rm_write_reason(-errno));
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return result;
}

int rm_journal_drop(struct rm_journal *journal, const json_t *from,
        size_t *dropped, struct rm_error *error)
{
	struct reading reading = {
		.journal = journal, .from = from, .error = error
	};
	int result = rm_lines_read(journal->path, find_cut, &reading, error);

	*dropped = reading.dropped;
	if (result || !reading.dropped)
		return result;
	result = save_dropped(journal, reading.kept_bytes, error);
	if (result)
		return result;
	if (ftruncate(journal->fd, (off_t)reading.kept_bytes))
		return set_system_error(journal, "cut", -errno, error);
	journal->bytes = reading.kept_bytes;
	result = rm_file_sync(journal->fd);
	return result ? set_system_error(journal, "synced", result, error) : 0;
}

enum rm_attempt_state rm_journal_find(const struct rm_journal *journal,
        const char *cell, unsigned block, unsigned attempt, const char *arm)
{
	return rm_attempt_find_state(journal->done, cell, block, attempt, arm);
}

const json_t *rm_journal_attempts(const struct rm_journal *journal)
{
	return journal->done;
}

size_t rm_journal_length(const struct rm_journal *journal)
{
	return json_object_size(journal->done);
}

int rm_journal_check_place(
        const struct rm_journal *journal, struct rm_error *error)
{
	struct stat open_file, named;

	int lost = stat(journal->path, &named)
	                   ? errno == ENOENT || errno == ENOTDIR
	                   : fstat(journal->fd, &open_file) ||
	                             open_file.st_dev != named.st_dev ||
	                             open_file.st_ino != named.st_ino;

	if (!lost)
		return 0;
	return rm_error_set(error, -ESTALE,
	        "%s: deleted, moved or replaced while the campaign ran: if its "
	        "folder was moved, continue with --resume and the new -o DIR, "
	        "else start a new campaign",
	        journal->path);
}

/* Writes a complete line. After an error, none of it remains in the file. */
static int write_line(struct rm_journal *journal, const char *line, size_t size)
{
	size_t done = 0;

	while (done < size) {
		errno = 0; /* write() returning 0 sets no errno */
		ssize_t put = write(journal->fd, line + done, size - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	int result = done == size ? rm_file_sync(journal->fd)
	                          : -(errno ? errno : EIO);

	if (!result) {
		journal->bytes += size;
		return 0;
	}
	/* If ftruncate() fails, too, the line lacks its newline and counts as
	   torn. After a failed sync it is unknown whether the line is on disk,
	   so the line is removed as well. */
	if (ftruncate(journal->fd, (off_t)journal->bytes) == 0)
		rm_file_sync(journal->fd);
	journal->broken = result;
	return result;
}

int rm_journal_append(
        struct rm_journal *journal, const json_t *trial, struct rm_error *error)
{
	if (journal->broken)
		return set_system_error(
		        journal, "written", journal->broken, error);
	int result = rm_journal_check_place(journal, error);

	if (!result)
		result = add_trial(journal, trial, error);
	if (result)
		return result;
	char *line = rm_line_seal(trial);

	if (!line)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = write_line(journal, line, strlen(line));
	free(line);
	return result ? set_system_error(journal, "written", result, error) : 0;
}

void rm_journal_close(struct rm_journal *journal)
{
	if (!journal)
		return;
	if (journal->fd >= 0)
		close(journal->fd);
	if (journal->lock >= 0)
		close(journal->lock);
	json_decref(journal->done);
	free(journal);
}
