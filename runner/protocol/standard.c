/* SPDX-License-Identifier: Apache-2.0 */
/* standard.c - standard input, output and error, before and after a command. */
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

/* open() takes the lowest number that is free, and those below are not. */
static void open_closed(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		        open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			abort(); /* nobody is left who could be told */
}

/* At the end, where what stdio still held is written. A status that says more
   than "done" stays. Not exit(), which may not be called twice. A check's child
   also comes here: its status tells of the map, and must not tell of this. */
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

void rm_cli_begin(void)
{
	argp_err_exit_status = RM_USAGE;
	open_closed();
	on_exit(check_output, (void *)(intptr_t)getpid());
}

int rm_print_json(const json_t *json, size_t flags)
{
	if (!json || json_dumpf(json, stdout, flags) || putchar('\n') == EOF)
		return RM_INCOMPLETE;
	return fflush(stdout) ? RM_INCOMPLETE : RM_OK;
}
