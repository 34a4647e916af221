/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - append, sync, and read back what can be trusted. */
#include "runner/campaign/internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct rm_journal {
	char path[RM_PATH_BYTES];
	int lock;     /* descriptor whose closing gives up ownership */
	int fd;       /* trials.jsonl, O_APPEND */
	json_t *done; /* rm_trial_key() -> enum rm_repeat */
	size_t bytes; /* of whole lines */
	int broken;   /* not 0: the error that ended appending */
};

/* One reading of the journal. */
struct reading {
	struct rm_journal *journal;
	rm_journal_fn
	        *fn; /* NULL: the trials are remembered, and bytes counted */
	void *context;
	const json_t *
	        from; /* keys of trials: the first is dropped, and all after it */
	size_t kept_bytes; /* of lines before those */
	size_t dropped;    /* lines from there on */
	size_t torn_bytes;
	struct rm_error bad; /* why the last line read is not whole, or "" */
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
		        "no trial, expected an object with cell, block and "
		        "arm");
	if (attempt &&
	        !(json_is_integer(attempt) && json_integer_value(attempt) >= 1))
		return rm_error_set(error, -EINVAL,
		        "attempt is no number of one, expected an integer "
		        "from 1");
	/* the arm last and the block between: no two trials share a text */
	if (snprintf(key, RM_TRIAL_KEY_BYTES, RM_TRIAL_KEY, cell,
	            (long long)json_integer_value(block),
	            attempt ? (long long)json_integer_value(attempt) : 1,
	            arm) >= RM_TRIAL_KEY_BYTES)
		return rm_error_set(error, -EINVAL,
		        "cell and arm are too long, expected under %d bytes",
		        RM_TRIAL_KEY_BYTES);
	return 0;
}

/* Whether the attempt before a trial's own is there, or its own is the first:
   each takes the place of the one before it. */
static bool follows(const struct rm_journal *journal, const json_t *trial)
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

/* Adds a trial to the set; -EEXIST where it is there. */
static int remember(
        struct rm_journal *journal, const json_t *trial, struct rm_error *error)
{
	char key[RM_TRIAL_KEY_BYTES];
	int result = rm_trial_key(trial, key, error);

	if (result)
		return result;
	if (json_object_get(journal->done, key))
		return rm_error_set(error, -EEXIST,
		        "the second line of %s, expected one", key);
	if (!follows(journal, trial))
		return rm_error_set(error, -EINVAL,
		        "no line of the attempt before %s, expected it first",
		        key);
	if (json_object_set_new(journal->done, key,
	            json_integer((json_int_t)rm_repeat_state(trial))))
		return rm_error_set(error, -ENOMEM, "no memory");
	return 0;
}

/* Counts the bytes of a line that is torn. A power loss may also leave a hole in
   the last line and its newline: one that is not as it was written is torn if
   no line follows it. */
static int count_torn(
        struct reading *reading, size_t number, size_t bytes, const char *what)
{
	if (reading->fn) /* after the journal was opened, and cut */
		return rm_error_set(reading->error, -EINVAL, "%s:%zu: %s",
		        reading->journal->path, number, what);
	rm_error_set(&reading->bad, -EINVAL, "%s:%zu: %s",
	        reading->journal->path, number, what);
	reading->torn_bytes = bytes;
	return 0;
}

/* A line before others is trusted or ends the reading: a journal that was edited
   must not be half believed. The last line is torn if it has no newline, is no JSON
   or has another checksum: its bytes are counted, and the caller cuts them off. */
static int take_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct reading *reading = context;
	struct rm_error why = { 0 };
	json_error_t where;
	char what[200];

	if (reading->bad.text[0])
		return rm_error_set(
		        reading->error, -EINVAL, "%s", reading->bad.text);
	if (is_torn) {
		reading->torn_bytes = size;
		return 0;
	}
	json_t *trial = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	int result = 0;

	if (!trial) {
		snprintf(what, sizeof(what),
		        "no JSON (%.120s), expected one trial", where.text);
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
		result = remember(reading->journal, trial, &why);
	json_decref(trial);
	if (!result) {
		if (!reading->fn)
			reading->journal->bytes += size + 1;
		return 0;
	}
	rm_error_set(reading->error, result, "%s:%zu: %s",
	        reading->journal->path, number, why.text);
	return result == -ENOMEM ? result : -EINVAL;
}

/* The system's reason for what could not be done to trials.jsonl. */
static int failed(const struct rm_journal *journal, const char *what,
        int result, struct rm_error *error)
{
	return rm_error_set(error, result, "%s: cannot be %s: %s",
	        journal->path, what, strerror(-result));
}

static int sync_journal(struct rm_journal *journal)
{
	while (fsync(journal->fd))
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Opens the file, reads it and cuts off what is torn. */
static int open_lines(struct rm_journal *journal, struct reading *reading)
{
	journal->fd = rm_file_own(journal->path, O_WRONLY | O_APPEND);
	if (journal->fd < 0)
		return failed(journal, "opened", journal->fd, reading->error);
	int result = rm_lines_read(
	        journal->path, take_line, reading, reading->error);

	if (result || !reading->torn_bytes)
		return result;
	if (ftruncate(journal->fd, (off_t)journal->bytes))
		return failed(journal, "cut", -errno, reading->error);
	result = sync_journal(journal);
	return result ? failed(journal, "synced", result, reading->error) : 0;
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

	return rm_lines_read(journal->path, take_line, &reading, error);
}

/* Finds where the journal is to be cut: before the first line to be dropped. */
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

/* Appends what is cut off to DIR/unfinished.jsonl, synced, before it goes:
   nothing that was measured disappears unseen (R31). */
static int keep_dropped(
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
		int fd = rm_file_own(path, O_WRONLY | O_APPEND);

		out = fd < 0 ? NULL : fdopen(fd, "a");
	}
	/* what fwrite() could not write is not in the buffer that fflush() sees */
	while (out && !ferror(out) &&
	        (got = fread(piece, 1, sizeof(piece), in)))
		fwrite(piece, 1, got, out);
	if (!out || ferror(in) || ferror(out) || fflush(out) ||
	        fsync(fileno(out)))
		result = rm_error_set(error, -(errno ? errno : EIO),
		        "%s: cannot be written: %s", path, strerror(errno));
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
	result = keep_dropped(journal, reading.kept_bytes, error);
	if (result)
		return result;
	if (ftruncate(journal->fd, (off_t)reading.kept_bytes))
		return failed(journal, "cut", -errno, error);
	journal->bytes = reading.kept_bytes;
	result = sync_journal(journal);
	return result ? failed(journal, "synced", result, error) : 0;
}

enum rm_repeat rm_journal_find(const struct rm_journal *journal,
        const char *cell, unsigned block, unsigned attempt, const char *arm)
{
	return rm_repeat_find(journal->done, cell, block, attempt, arm);
}

const json_t *rm_journal_attempts(const struct rm_journal *journal)
{
	return journal->done;
}

size_t rm_journal_length(const struct rm_journal *journal)
{
	return json_object_size(journal->done);
}

/* Writes all of a line or leaves nothing of it. */
static int write_line(struct rm_journal *journal, const char *line, size_t size)
{
	size_t done = 0;

	while (done < size) {
		errno = 0; /* a write of nothing gives no reason */
		ssize_t put = write(journal->fd, line + done, size - done);

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	int result =
	        done == size ? sync_journal(journal) : -(errno ? errno : EIO);

	if (!result) {
		journal->bytes += size;
		return 0;
	}
	/* If this fails, too, the newline is missing: a torn line. After a
	   failed sync the line may be on the disk or not; cut it as well. */
	if (ftruncate(journal->fd, (off_t)journal->bytes) == 0)
		sync_journal(journal);
	journal->broken = result;
	return result;
}

int rm_journal_append(
        struct rm_journal *journal, const json_t *trial, struct rm_error *error)
{
	if (journal->broken)
		return failed(journal, "written", journal->broken, error);
	int result = remember(journal, trial, error);

	if (result)
		return result;
	char *line = rm_line_seal(trial);

	if (!line)
		return rm_error_set(error, -ENOMEM, "no memory");
	result = write_line(journal, line, strlen(line));
	free(line);
	return result ? failed(journal, "written", result, error) : 0;
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
