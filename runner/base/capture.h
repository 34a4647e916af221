/* SPDX-License-Identifier: Apache-2.0 */
/* capture.h - runs another program and returns its output. */
#ifndef RM_CAPTURE_H
#define RM_CAPTURE_H

/* Runs argv[0], which is a path or a name in PATH. Waits until the program has
   ended, and every process that inherited its standard output. Standard error
   is inherited. *text receives the NUL-terminated standard output; the caller
   frees it. Returns 0; -errno if the program could not be run or its output not
   read; -EIO if its exit status is not 0. After an error, *text is NULL. */
int rm_capture(char *const argv[], char **text);

/*
 * Like rm_capture(), for a program that may run for a long time.
 *
 * input  descriptor of its standard input; -1: inherited
 * stop   if readable, ends the program (SIGKILL after 2 s): -EINTR; -1: never
 * The program starts with no signal blocked, so that Ctrl-C also ends it.
 */
int rm_capture_until(char *const argv[], int input, int stop, char **text);

/* Makes a file in memory with this text. Returns its descriptor, for `input`
   above, or -errno. The descriptor is close-on-exec and at the start of the
   text. */
int rm_capture_input(const char *text);

#endif /* RM_CAPTURE_H */
