/* SPDX-License-Identifier: Apache-2.0 */
/* Executables that are not whole are found before they are started. */
#include "runner/base/capture.h"
#include "runner/base/program.h"
#include "tests/unit/fake_root.h"
#include "tests/unit/tap.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[64];

/* Copies the first `percent` of /bin/true to `name`, which may be executed. */
static void copy_true(const char *name, int percent)
{
	char command[256];

	snprintf(command, sizeof(command),
	        "head -c $(($(stat -Lc %%s /bin/true) * %d / 100)) /bin/true "
	        ">%s; chmod 755 %s",
	        percent, name, name);
	if (system(command))
		abort();
}

static void whole_files_pass(void)
{
	copy_true("whole", 100);
	CHECK(!rm_program_check("whole") && !rm_program_check("/proc/self/exe"),
	        "a linked program passes");
	fake_root_write(root, "script", "#!/bin/sh\n");
	chmod("script", 0755);
	CHECK(!rm_program_check("script"), "a script passes");
	chmod("script", 0644);
	CHECK(rm_program_check("script") == -EACCES &&
	                strstr(rm_program_reason(-EACCES), "chmod") &&
	                rm_program_check("none") == -ENOENT &&
	                rm_program_check(".") == -EACCES,
	        "a file that cannot be executed is not called damaged");
}

static void damaged_files_fail(void)
{
	static const int cuts[] = { 0, 1, 50, 99 };
	char name[32];
	unsigned found = 0;

	for (size_t i = 0; i < sizeof(cuts) / sizeof(*cuts); i++) {
		snprintf(name, sizeof(name), "cut-%d", cuts[i]);
		copy_true(name, cuts[i]);
		found += rm_program_check(name) == -ENOEXEC;
	}
	CHECK(found == sizeof(cuts) / sizeof(*cuts),
	        "0, 1, 50 and 99 % of a program are damaged");
	fake_root_write(root, "text", "exit 0\n");
	chmod("text", 0755);
	CHECK(rm_program_check("text") == -ENOEXEC,
	        "a text without #! is no program");
}

/* A shell would run an empty file with status 0. */
static void empty_programs_do_not_run(void)
{
	char empty[] = "cut-0", *argv[] = { empty, NULL }, *text = NULL;
	char path[PATH_MAX];

	setenv("PATH", root, 1);
	CHECK(rm_capture(argv, &text) == -ENOEXEC && !text,
	        "an empty program in PATH is not a program without output");
	mkdir("later", 0755);
	snprintf(path, sizeof(path), "%s:%s/later", root, root);
	setenv("PATH", path, 1);
	if (rename("whole", "later/cut-0"))
		abort();
	CHECK(!rm_program_find("cut-0", path, sizeof(path)) &&
	                strstr(path, "later/cut-0"),
	        "the search goes on after it");
	CHECK(rm_program_find("nowhere", path, sizeof(path)) == -ENOENT,
	        "an unknown name is not found");
}

int main(void)
{
	fake_root_enter(root, sizeof(root));
	whole_files_pass();
	damaged_files_fail();
	empty_programs_do_not_run();
	setenv("PATH", "/usr/bin:/bin", 1);
	fake_root_remove(root);
	return DONE();
}
