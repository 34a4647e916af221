/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - what another program prints, for programs that answer at once. */
#ifndef RM_CAPTURE_H
#define RM_CAPTURE_H

/*
 * Runs argv[0] (a path, or a name to be found in PATH) with these arguments
 * and waits for its end, and for that of each that it left its standard output
 * to. *text gets its standard output, ended by NUL, owned by the caller; its
 * standard error is ours. 0; -errno where it could not be run or read; -EIO
 * where it did not end with status 0; then *text is NULL.
 */
int rm_capture(char *const argv[], char **text);

/*
 * The same of a program that may take its time.
 *
 * input  what it reads as standard input; -1: ours
 * stop   readable: the program is ended, by SIGKILL where it goes on for 2 s,
 *        and -EINTR; -1: nobody stops it
 * It gets no blocked signals: what stops a terminal's programs stops it, too.
 */
int rm_capture_until(char *const argv[], int input, int stop, char **text);

/* A file in memory that holds the text, to be read from its beginning, closed on
   exec: for `input` above. Its descriptor, or -errno. */
int rm_capture_input(const char *text);

#endif /* RM_CAPTURE_H */
