/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_stacks_print.c - stacks for a person: which frames, in whose words where
 * addr2line knows them, and what is left to say where it does not. It is
 * played here: what it is asked is looked at, and its answers are known.
 *
 * plain: it reads the stacks of this program, which a sanitizer changes.
 */
#include "runner/base/capture.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { ASKED = 4, ARGUMENTS = 9 };

static char asked[ASKED][ARGUMENTS][4200];
static unsigned calls, arguments[ASKED];
static const char *answers[ASKED]; /* NULL: it cannot be run */

static int played_capture(char *const argv[], char **text)
{
	unsigned i = 0;

	*text = NULL;
	for (; calls < ASKED && argv[i]; i++)
		if (i < ARGUMENTS)
			snprintf(asked[calls][i], sizeof(asked[calls][i]), "%s",
			        argv[i]);
	if (calls >= ASKED)
		return -1;
	arguments[calls] = i;
	*text = answers[calls] ? strdup(answers[calls]) : NULL;
	return answers[calls++] ? 0 : -1;
}

/* The code itself, with this: the library's object is then not linked. */
#define rm_capture played_capture
#include "verify/check/stacks_print.c"
#undef rm_capture

#include "tests/unit/tap.h"

static struct rm_witness witness;
static char printed[9000];

/* Of this program, and with a name that dladdr() may not know. */
static int here(void)
{
	return 1;
}

static const struct rm_witness_stack none = { .depth = 0 };

/* Prints the first `count` stacks of the witness. */
static void print(unsigned count)
{
	FILE *out = fmemopen(printed, sizeof(printed) - 1, "w");

	memset(printed, 0, sizeof(printed));
	calls = 0;
	/* relaxed: one thread */
	atomic_store_explicit(
	        &witness.stack_count, count, memory_order_relaxed);
	rm_stacks_print(out, &witness);
	fclose(out);
}

static const char *offset_of(const void *at, int less, char text[24])
{
	Dl_info info;

	dladdr(at, &info);
	snprintf(text, 24, "0x%lx",
	        (unsigned long)((const char *)at - less -
	                        (const char *)info.dli_fbase));
	return text;
}

/* Two threads: one in this program and below the C library's qsort() there, of
   which two frames are the handler's; one at an address of nothing. */
static void two_threads(void)
{
	char *mine = (char *)(uintptr_t)here;
	char *theirs = dlsym(RTLD_DEFAULT, "qsort");

	memset(&witness, 0, sizeof(witness));
	witness.stacks[0] = (struct rm_witness_stack){ .thread = 71,
		.depth = 5,
		.skip = 2,
		.frames = { mine, mine, mine + 1, theirs + 4, mine + 2 } };
	witness.stacks[1] = (struct rm_witness_stack){
		.thread = 72, .depth = 1, .frames = { (void *)(uintptr_t)16 }
	};
}

static void one_question_for_each_object(void)
{
	char *mine = (char *)(uintptr_t)here;
	char *theirs = dlsym(RTLD_DEFAULT, "qsort");
	char text[24];

	two_threads();
	answers[0] = "here at a.c:1\nmain at a.c:2\n";
	answers[1] = "qsort at b.c:3\n";
	print(2);
	CHECK(calls == 2 && arguments[0] == 5 && arguments[1] == 4 &&
	                !strcmp(asked[0][0], "addr2line") &&
	                !strcmp(asked[0][1], "-sfpe") &&
	                strstr(asked[0][2], "test_stacks_print") &&
	                strstr(asked[1][2], "libc"),
	        "each object is asked about once, with all of its frames");
	CHECK(!strcmp(asked[0][3], offset_of(mine + 1, 0, text)),
	        "the innermost frame by where it stood");
	CHECK(!strcmp(asked[0][4], offset_of(mine + 2, 1, text)) &&
	                !strcmp(asked[1][3], offset_of(theirs + 4, 1, text)),
	        "those above by the call, which is before the return");
	CHECK(!strcmp(printed, "  thread 71 stood in\n"
	                       "    here at a.c:1\n"
	                       "    qsort at b.c:3\n"
	                       "    main at a.c:2\n"
	                       "  thread 72 stood in\n"
	                       "    0x10\n"),
	        "the lines stand in the order of the frames, the handler's "
	        "left out");
}

static void what_is_not_known(void)
{
	char *theirs = dlsym(RTLD_DEFAULT, "qsort");
	char text[24], line[100];

	two_threads();
	answers[0] = "?? ??:0\nmain at a.c:2\n";
	answers[1] = NULL;
	print(1);
	snprintf(line, sizeof(line), " +%s qsort\n    main at a.c:2\n",
	        offset_of(theirs + 4, 1, text));
	CHECK(strstr(printed, line) && strstr(printed, "libc"),
	        "a frame without a line is named by its object, offset and "
	        "function");
	CHECK(!strstr(printed, "??") && strstr(printed, "test_stacks_print +"),
	        "also where addr2line has only question marks");
	answers[0] = "here at a.c:1";
	print(1);
	CHECK(strstr(printed, "    here at a.c:1\n") &&
	                !strstr(printed, "main at"),
	        "an answer that is too short is dealt out as far as it goes");
	CHECK(!strstr(printed, "thread 72"),
	        "and no more stacks than there are");
}

/* More threads asked for a place than there are places. */
static void crowds(void)
{
	const char *at = printed;
	unsigned lines = 0;

	for (unsigned i = 0; i < RM_STACKS; i++) {
		witness.stacks[i] = none;
		witness.stacks[i].thread = (pid_t)i;
	}
	print(RM_STACKS + 9);
	for (; (at = strstr(at, "stood in\n")); at++)
		lines++;
	CHECK(lines == RM_STACKS && !calls &&
	                strstr(printed, "thread 79 stood in"),
	        "of a crowd there are as many as have a place");
	print(0);
	CHECK(!printed[0], "of nobody there is nothing");
}

int main(void)
{
	one_question_for_each_object();
	what_is_not_known();
	crowds();
	return here() ? DONE() : 1;
}
