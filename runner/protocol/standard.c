/* SPDX-License-Identifier: Apache-2.0 */
/* standard.c - standard streams at the start and end of a program. */
#include "runner/base/error.h"
#include "runner/protocol/command_line.h"

#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* open() returns the lowest free number, and all lower ones are in use. */
static void open_closed_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		        open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			abort(); /* no stream is left for a message */
}

/* Runs at the exit, where stdio writes its buffer. A status other than RM_OK is
   kept. It calls _exit(), because exit() may not be called twice. A forked
   child of a check returns first: its status belongs to the map. */
static void check_output(int status, void *process)
{
	int was_lost = ferror(stdout);

	if ((pid_t)(intptr_t)process != getpid())
		return;
	errno = 0;
	if (!fclose(stdout) && !was_lost)
		return;
	fprintf(stderr, "readmostly: standard output was lost%s%s\n",
	        errno ? ": " : "", errno ? strerror(errno) : "");
	_exit(status == RM_OK ? RM_INCOMPLETE : status);
}

void rm_program_start(void)
{
	argp_err_exit_status = RM_USAGE;
	open_closed_streams();
	on_exit(check_output, (void *)(intptr_t)getpid());
}

int rm_print_json(const json_t *json, size_t flags)
{
	if (!json || json_dumpf(json, stdout, flags) || putchar('\n') == EOF)
		return RM_INCOMPLETE;
	return fflush(stdout) ? RM_INCOMPLETE : RM_OK;
}
