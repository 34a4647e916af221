/* SPDX-License-Identifier: Apache-2.0 */
/* error.h - exit statuses, and an error message with the expected value. */
#ifndef RM_ERROR_H
#define RM_ERROR_H

/* Exit statuses of every program of the suite (docs/adr/0012). */
enum rm_status {
	RM_OK = 0,
	RM_FAILED = 1,       /* a check failed, or a verdict is FAIL */
	RM_USAGE = 2,        /* invalid command line or input */
	RM_INCOMPLETE = 3,   /* some cells failed or have no result */
	RM_INTERRUPTED = 75, /* SIGTERM or SIGINT; resumable */
};

/* Zero-initialise before use; an empty text means no error. */
struct rm_error {
	char text[512];
};

/* Replaces control characters with `?`. A message may quote a file whose bytes
   would move the cursor or imitate another message. */
void rm_text_sanitize(char *text);

/* Formats the message as one line. Keeps an earlier message, since the first
   error is the useful one. Returns `code`, so that a caller can write `return
   rm_error_set(error, -EINVAL, "...")`. `error` may be NULL. */
int rm_error_set(struct rm_error *error, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif /* RM_ERROR_H */
