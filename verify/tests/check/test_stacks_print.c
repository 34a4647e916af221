/* SPDX-License-Identifier: Apache-2.0 */
/* test_stacks_print.c - tests printed stacks: which frames are printed, and
 * whether each has the line from addr2line or, if that is unknown, object and
 * offset. addr2line is simulated: the test records its arguments and sets its
 * output.
 *
 * plain: the test reads the stacks of this program, which a sanitizer
 * changes. */
#include "runner/base/capture.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { CALLS_MAX = 4, ARGUMENTS = 9 };

static char recorded[CALLS_MAX][ARGUMENTS][4200];
static unsigned calls, arguments[CALLS_MAX];
static const char *given_outputs[CALLS_MAX]; /* NULL: it cannot be run */

static int mock_capture(char *const argv[], char **text)
{
	unsigned i = 0;

	*text = NULL;
	for (; calls < CALLS_MAX && argv[i]; i++)
		if (i < ARGUMENTS)
			snprintf(recorded[calls][i], sizeof(recorded[calls][i]),
			        "%s", argv[i]);
	if (calls >= CALLS_MAX)
		return -1;
	arguments[calls] = i;
	*text = given_outputs[calls] ? strdup(given_outputs[calls]) : NULL;
	return given_outputs[calls++] ? 0 : -1;
}

/* Includes the code under test with this replacement, so its object is not
 * linked. */
#define rm_capture mock_capture
#include "verify/check/stacks_print.c"
#undef rm_capture

#include "tests/unit/tap.h"

static struct rm_witness witness;
static char printed[9000];

/* A function of this program whose name dladdr() may not know. */
static int own_function(void)
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

/* Two threads: one in a function of this program that the C library's qsort()
 * called, with two frames of the handler; one at an address that belongs to no
 * object. */
static void two_threads(void)
{
	char *own_code = (char *)(uintptr_t)own_function;
	char *libc_code = dlsym(RTLD_DEFAULT, "qsort");

	memset(&witness, 0, sizeof(witness));
	witness.stacks[0] = (struct rm_witness_stack){ .thread = 71,
		.depth = 5,
		.skip = 2,
		.frames = { own_code, own_code, own_code + 1, libc_code + 4,
		        own_code + 2 } };
	witness.stacks[1] = (struct rm_witness_stack){
		.thread = 72, .depth = 1, .frames = { (void *)(uintptr_t)16 }
	};
}

static void one_question_for_each_object(void)
{
	char *own_code = (char *)(uintptr_t)own_function;
	char *libc_code = dlsym(RTLD_DEFAULT, "qsort");
	char text[24];

	two_threads();
	given_outputs[0] = "here at a.c:1\nmain at a.c:2\n";
	given_outputs[1] = "qsort at b.c:3\n";
	print(2);
	CHECK(calls == 2 && arguments[0] == 5 && arguments[1] == 4 &&
	                !strcmp(recorded[0][0], "addr2line") &&
	                !strcmp(recorded[0][1], "-sfpe") &&
	                strstr(recorded[0][2], "test_stacks_print") &&
	                strstr(recorded[1][2], "libc"),
	        "addr2line runs once per object, with all of its frames");
	CHECK(!strcmp(recorded[0][3], offset_of(own_code + 1, 0, text)),
	        "the innermost frame is resolved by its address");
	CHECK(!strcmp(recorded[0][4], offset_of(own_code + 2, 1, text)) &&
	                !strcmp(recorded[1][3],
	                        offset_of(libc_code + 4, 1, text)),
	        "outer frames are resolved by their call, one byte before the "
	        "return address");
	CHECK(!strcmp(printed, "  thread 71 was in\n"
	                       "    here at a.c:1\n"
	                       "    qsort at b.c:3\n"
	                       "    main at a.c:2\n"
	                       "  thread 72 was in\n"
	                       "    0x10\n"),
	        "lines are in the order of the frames, without the "
	        "handler's");
}

static void what_is_not_known(void)
{
	char *libc_code = dlsym(RTLD_DEFAULT, "qsort");
	char text[24], line[100];

	two_threads();
	given_outputs[0] = "?? ??:0\nmain at a.c:2\n";
	given_outputs[1] = NULL;
	print(1);
	snprintf(line, sizeof(line), " +%s qsort\n    main at a.c:2\n",
	        offset_of(libc_code + 4, 1, text));
	CHECK(strstr(printed, line) && strstr(printed, "libc"),
	        "a frame without a line prints its object, offset and "
	        "function");
	CHECK(!strstr(printed, "??") && strstr(printed, "test_stacks_print +"),
	        "if addr2line prints question marks, object, offset and "
	        "function are printed");
	given_outputs[0] = "here at a.c:1";
	print(1);
	CHECK(strstr(printed, "    here at a.c:1\n") &&
	                !strstr(printed, "main at"),
	        "output that is too short is used as far as it goes");
	CHECK(!strstr(printed, "thread 72"),
	        "only existing stacks are printed");
}

/* More threads than there are stacks. */
static void too_many_threads(void)
{
	const char *at = printed;
	unsigned lines = 0;

	for (unsigned i = 0; i < RM_STACKS; i++) {
		witness.stacks[i] = none;
		witness.stacks[i].thread = (pid_t)i;
	}
	print(RM_STACKS + 9);
	for (; (at = strstr(at, "was in\n")); at++)
		lines++;
	CHECK(lines == RM_STACKS && !calls &&
	                strstr(printed, "thread 79 was in"),
	        "only the first 80 threads are printed");
	print(0);
	CHECK(!printed[0], "without threads nothing is printed");
}

int main(void)
{
	one_question_for_each_object();
	what_is_not_known();
	too_many_threads();
	return own_function() ? DONE() : 1;
}
