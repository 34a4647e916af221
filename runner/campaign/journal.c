/* SPDX-License-Identifier: Apache-2.0 */
/* journal.c - append, sync, and read back what can be trusted. */
#include "runner/campaign/journal.h"

#include "runner/campaign/files.h"
#include "runner/campaign/lock.h"

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
	json_t *done; /* object used as a set of rm_trial_key() */
	size_t bytes; /* of whole lines */
	int broken;   /* not 0: the error that ended appending */
};

/* One reading of the journal. */
struct reading {
	struct rm_journal *journal;
	rm_journal_fn *fn;
	void *context;
	size_t torn_bytes;
	struct rm_error *error;
};

int rm_trial_key(const json_t *trial, char key[RM_TRIAL_KEY_BYTES],
        struct rm_error *error)
{
	const char *cell = json_string_value(json_object_get(trial, "cell"));
	const char *arm = json_string_value(json_object_get(trial, "arm"));
	const json_t *block = json_object_get(trial, "block");

	if (!cell || !arm || !json_is_integer(block))
		return rm_error_set(error, -EINVAL,
		        "no trial, expected an object with cell, block and "
		        "arm");
	/* the arm last and the block between: no two trials share a text */
	if (snprintf(key, RM_TRIAL_KEY_BYTES, "%s block %lld arm %s", cell,
	            (long long)json_integer_value(block),
	            arm) >= RM_TRIAL_KEY_BYTES)
		return rm_error_set(error, -EINVAL,
		        "cell and arm are too long, expected under %d bytes",
		        RM_TRIAL_KEY_BYTES);
	return 0;
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
	if (json_object_set_new(journal->done, key, json_true()))
		return rm_error_set(error, -ENOMEM, "no memory");
	return 0;
}

static int take_line(void *context, size_t number, const char *text,
        size_t size, bool is_torn)
{
	struct reading *reading = context;
	struct rm_error why = { 0 };
	json_error_t where;

	if (is_torn) {
		reading->torn_bytes = size;
		return 0;
	}
	json_t *trial = json_loadb(text, size, JSON_REJECT_DUPLICATES, &where);
	int result = trial ? remember(reading->journal, trial, &why)
	                   : rm_error_set(&why, -EINVAL,
	                             "no JSON (%.120s), expected one trial",
	                             where.text);

	if (!result && reading->fn)
		result = reading->fn(reading->context, trial, &why);
	json_decref(trial);
	if (!result) {
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
	journal->fd = open(
	        journal->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (journal->fd < 0)
		return failed(journal, "opened", -errno, reading->error);
	int result = rm_lines_read(
	        journal->path, take_line, reading, reading->error);

	if (result || !reading->torn_bytes)
		return result;
	if (ftruncate(journal->fd, (off_t)journal->bytes))
		return failed(journal, "cut", -errno, reading->error);
	result = sync_journal(journal);
	return result ? failed(journal, "synced", result, reading->error) : 0;
}

int rm_journal_open(const char *dir, rm_journal_fn *fn, void *context,
        struct rm_journal **journal, size_t *torn_bytes, struct rm_error *error)
{
	struct rm_journal *opened = calloc(1, sizeof(*opened));
	struct reading reading = { opened, fn, context, 0, error };
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
	opened->lock = result = rm_lock_take(dir, error);
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

bool rm_journal_has(const struct rm_journal *journal, const char *cell,
        unsigned block, const char *arm)
{
	char key[RM_TRIAL_KEY_BYTES];

	snprintf(key, sizeof(key), "%s block %u arm %s", cell, block, arm);
	return json_object_get(journal->done, key) != NULL;
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
	char *line = json_dumps(trial, JSON_COMPACT);
	size_t size = line ? strlen(line) : 0;

	if (!line)
		return rm_error_set(error, -ENOMEM, "no memory");
	line[size] = '\n'; /* in place of the end: one write, no copy */
	result = write_line(journal, line, size + 1);
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
