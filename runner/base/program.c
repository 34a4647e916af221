/* SPDX-License-Identifier: Apache-2.0 */
#include "runner/base/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The section headers are the last part of a linked file. */
static int check_content(int fd)
{
	Elf64_Ehdr head = { 0 };
	struct stat status;
	ssize_t got = pread(fd, &head, sizeof(head), 0);

	if (got < 0 || fstat(fd, &status))
		return -errno;
	if (got >= 2 && !memcmp(&head, "#!", 2))
		return 0;
	if (got < (ssize_t)sizeof(head) ||
	        memcmp(head.e_ident, ELFMAG, SELFMAG) ||
	        head.e_ident[EI_CLASS] != ELFCLASS64 ||
	        head.e_shoff > (Elf64_Off)status.st_size)
		return -ENOEXEC;
	return (Elf64_Off)status.st_size - head.e_shoff <
	                       (Elf64_Off)head.e_shnum * head.e_shentsize
	               ? -ENOEXEC
	               : 0;
}

int rm_program_check(const char *path)
{
	struct stat status;

	if (access(path, X_OK) || stat(path, &status))
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EACCES; /* as execve(2) */
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno == EACCES ? 0 : -errno;
	int failed = check_content(fd);

	close(fd);
	return failed;
}

const char *rm_program_reason(int failed)
{
	switch (failed) {
	case -ENOEXEC:
		return "damaged: empty, cut or no program, expected an ELF "
		       "file or a script; run `make` again or install it again";
	case -EACCES:
		return "Permission denied: run as its owner, or chmod a+rx it";
	default:
		return strerror(-failed);
	}
}

int rm_program_find(const char *name, char *path, size_t size)
{
	const char *folder = getenv("PATH");
	int failed = -ENOENT;

	if (strchr(name, '/') || !folder) {
		if ((size_t)snprintf(path, size, "%s", name) >= size)
			return -ENAMETOOLONG;
		return rm_program_check(path);
	}
	for (size_t length; failed && *folder;
	        folder += length + !!folder[length]) {
		length = strcspn(folder, ":");
		if ((size_t)snprintf(path, size, "%.*s%s%s", (int)length,
		            folder, length ? "/" : "./", name) >= size)
			continue;
		int result = rm_program_check(path);

		if (result != -ENOENT && result != -ENOTDIR)
			failed = result;
	}
	return failed;
}
