/* SPDX-License-Identifier: Apache-2.0 */
/*
 * test_sim_space.c - simulated memory has the same addresses in each process,
 * is zeroed, and is reused.
 *
 * plain: it switches stacks or reserves addresses that AddressSanitizer uses.
 */
#include "runner/sim/guest/space.c"

#include "tests/unit/tap.h"

#include <sys/wait.h>
#include <unistd.h>

enum { STACKS = RM_SIM_CORES_MAX + 1, MANY = 5000 };

/* Globals of this program on separate pages. */
static _Alignas(4096) char globals[3 * 4096];

static bool is_zero(const char *memory, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (memory[i])
			return false;
	return true;
}

static char *at(uint64_t offset)
{
	return (char *)(uintptr_t)(RM_SIM_BASE + offset);
}

static void pages_come_from_above(void)
{
	char *first = rm_sim_space_map(1), *second = rm_sim_space_map(4096),
	     *third = rm_sim_space_map(4097);

	CHECK(first == at(RM_SIM_HEAP_BYTES - 4096) && second == first - 4096 &&
	                third == second - 8192,
	        "maps are whole pages, from the heap's end down");
	CHECK(is_zero(first, 4096) && is_zero(third, 8192), "maps are zeroed");
	memset(first, 1, 4096);
	memset(third, 1, 8192);
	rm_sim_space_unmap(first, 1);
	rm_sim_space_unmap(third, 8192);
	CHECK(rm_sim_space_map(8000) == third && is_zero(third, 8192),
	        "freed pages of the same length are reused, zeroed");
	CHECK(rm_sim_space_map(4096) == first && is_zero(first, 4096),
	        "freed pages are reused for each length");
	CHECK(rm_sim_space_map(4096) == third - 4096, "freed pages are reused "
	                                              "only once");
	rm_sim_space_unmap(first, 4096);
	rm_sim_space_unmap(second, 4096);
	CHECK(rm_sim_space_map(4096) == second &&
	                rm_sim_space_map(4096) == first,
	        "the pages freed last are reused first");
	CHECK(!rm_sim_space_map(0) && !rm_sim_space_map(SIZE_MAX) &&
	                !rm_sim_space_map(RM_SIM_HEAP_BYTES + 1),
	        "lengths of 0 and above the heap are rejected");
}

/* Frees three mappings of the same length. After one is reused, the middle one
   is still known. */
static void freed_ones_keep_their_order(void)
{
	char *pages[4];

	for (unsigned i = 0; i < 4; i++)
		pages[i] = rm_sim_space_map(4096 * (10 + i % 2));
	for (unsigned i = 0; i < 4; i++)
		rm_sim_space_unmap(pages[i], 4096 * (10 + i % 2));
	CHECK(rm_sim_space_map(4096 * 10) == pages[2] &&
	                rm_sim_space_map(4096 * 11) == pages[3] &&
	                rm_sim_space_map(4096 * 11) == pages[1] &&
	                rm_sim_space_map(4096 * 10) == pages[0],
	        "pages of different lengths are not mixed");
}

static void segments_come_from_below(void)
{
	char *first = rm_sim_space_segment(), *second = rm_sim_space_segment();

	CHECK(first == at(0) && second == at(RM_SIM_SEGMENT_BYTES),
	        "segments are allocated from the heap's start up");
	CHECK(is_zero(second + RM_SIM_SEGMENT_BYTES - 4096, 4096),
	        "segments are zeroed");
}

static void stacks_lie_apart(void)
{
	bool right = true;
	unsigned same = 0;

	for (unsigned n = 0; n < STACKS; n++) {
		char *top = rm_sim_space_stack(n);
		const uint64_t offset = rm_sim_space_offset((uintptr_t)top);

		right &=
		        (uintptr_t)top % 16 == 0 &&
		        offset > RM_SIM_STACKS_AT +
		                         n * (4096 + RM_SIM_STACK_BYTES) +
		                         RM_SIM_STACK_BYTES &&
		        offset <=
		                RM_SIM_STACKS_AT +
		                        (n + 1) * (4096 + RM_SIM_STACK_BYTES) &&
		        offset <= RM_SIM_MAPPED_BYTES;
		memset(top - (RM_SIM_STACK_BYTES - 4096), 1,
		        RM_SIM_STACK_BYTES - 4096);
		for (unsigned other = 0; other < 8 && other < n; other++)
			same += ((uintptr_t)top -
			                (uintptr_t)rm_sim_space_stack(other)) %
			                4096 ==
			        0;
	}
	CHECK(right, "each core and the main thread have a stack of 256 KiB");
	CHECK(same < 20, "the tops of the stacks are on different lines of "
	                 "their pages");
	CHECK((uintptr_t)rm_sim_space_stack(1) -
	                        (uintptr_t)rm_sim_space_stack(0) ==
	                4096 + RM_SIM_STACK_BYTES - 7 * 64,
	        "tops are seven lines apart, an odd number");
}

/* True if a child that writes to `place` is killed. */
static bool dies(char *place)
{
	int status;

	fflush(stdout);
	if (fork() == 0) {
		*(volatile char *)place = 1;
		_exit(0);
	}
	wait(&status);
	return WIFSIGNALED(status);
}

static void stacks_are_guarded(void)
{
	char *low;

	rm_sim_space_stack(5);
	low = at(RM_SIM_STACKS_AT + 5 * (4096 + RM_SIM_STACK_BYTES));
	CHECK(dies(low) && dies(low + 4095),
	        "a guard page is below each stack");
	CHECK(!dies(low + 4096) && !dies(low - 1), "the guard page is one "
	                                           "page");
}

static void offsets_are_of_the_space(void)
{
	int outside; /* on the host's stack */

	CHECK(rm_sim_space_offset(RM_SIM_BASE) == 0 &&
	                rm_sim_space_offset((uintptr_t)RM_SIM_BASE +
	                                    RM_SIM_MAPPED_BYTES - 1) ==
	                        RM_SIM_MAPPED_BYTES - 1,
	        "heap and stacks have offsets from the base");
	CHECK(rm_sim_space_offset((uintptr_t)&outside) == RM_SIM_NOWHERE &&
	                rm_sim_space_offset((uintptr_t)RM_SIM_BASE - 1) ==
	                        RM_SIM_NOWHERE &&
	                rm_sim_space_offset(
	                        (uintptr_t)RM_SIM_BASE + RM_SIM_MAPPED_BYTES) ==
	                        RM_SIM_NOWHERE,
	        "memory of the host has no offset");
}

static void globals_are_numbered(void)
{
	const uint64_t third =
	        rm_sim_space_global((uintptr_t)&globals[2 * 4096 + 7]);
	const uint64_t first = rm_sim_space_global((uintptr_t)&globals[4095]);
	const uint64_t pages = space.pages;

	CHECK(third == RM_SIM_GLOBALS_AT + 7,
	        "the first touched page is the first of the window");
	CHECK(third % 4096 == 7 && first == third / 4096 * 4096 + 4096 + 4095,
	        "pages of globals are numbered at first use");
	CHECK(rm_sim_space_offset((uintptr_t)&globals[2 * 4096]) == third - 7 &&
	                space.pages == pages,
	        "each page of globals is numbered once");
	CHECK(third >= RM_SIM_GLOBALS_AT && first < RM_SIM_OFFSETS,
	        "pages of globals are numbered within their own window");
}

/* Tests program headers as the loader reports them: loadable and other
   segments. */
static void images_are_what_is_loaded(void)
{
	const ElfW(Phdr) headers[] = {
		{ .p_type = PT_NOTE, .p_vaddr = 0x10, .p_memsz = 0x1000000 },
		{ .p_type = PT_LOAD, .p_vaddr = 0x3010, .p_memsz = 0x20 },
		{ .p_type = PT_LOAD, .p_vaddr = 0x1234, .p_memsz = 0x10 },
		{ .p_type = PT_LOAD, .p_vaddr = 0x2000, .p_memsz = 0x500 },
		{ .p_type = PT_TLS, .p_vaddr = 0x9000, .p_memsz = 0x500 },
	};
	struct dl_phdr_info info = {
		.dlpi_addr = 0x70000000, .dlpi_phdr = headers, .dlpi_phnum = 5
	};
	const uintptr_t image = space.image, bytes = space.image_bytes;

	CHECK(find_image(&info, sizeof(info), NULL) != 0,
	        "the first file reported by the loader is the program");
	CHECK(space.image == 0x70001000 && space.image_bytes == 0x3030 - 0x1000,
	        "the program extends from the page of its first loaded byte to "
	        "that of its last");
	space.image = image;
	space.image_bytes = bytes;
}

static void images_have_offsets(void)
{
	const uint64_t one = rm_sim_space_image(&globals[0]),
	               other = rm_sim_space_image(&globals[100]);
	const char *image = (const char *)space.image;
	int outside;

	CHECK(one && other - one == 100 &&
	                rm_sim_space_image((const void *)(uintptr_t)dies) != 0,
	        "globals and code have offsets in the program's file");
	CHECK(!rm_sim_space_image(&outside) && !rm_sim_space_image(NULL) &&
	                !rm_sim_space_image(image - 1) &&
	                !rm_sim_space_image(image + space.image_bytes) &&
	                rm_sim_space_image(image + space.image_bytes - 1) ==
	                        space.image_bytes - 1,
	        "other addresses have no offset");
	CHECK(space.image % 4096 == 0,
	        "an offset has the same page offset as its address");
}

static void many_may_be_freed(void)
{
	static char *pages[MANY];
	unsigned again = 0;
	char *low;

	for (unsigned i = 0; i < MANY; i++)
		pages[i] = rm_sim_space_map(3 * 4096);
	low = pages[MANY - 1];
	for (unsigned i = 0; i < MANY; i++)
		rm_sim_space_unmap(pages[i], 3 * 4096);
	for (unsigned i = 0; i < MANY; i++)
		again += (char *)rm_sim_space_map(3 * 4096) >= low;
	CHECK(again == 4096,
	        "up to 4096 freed maps are remembered, more are lost");
}

/* Runs last, since it uses up the heap. */
static void the_heap_has_an_end(void)
{
	const uint64_t left = space.high - space.low;

	CHECK(!rm_sim_space_map(left + 4096),
	        "a map larger than the rest is rejected");
	CHECK(rm_sim_space_map(left - 2 * (uint64_t)RM_SIM_SEGMENT_BYTES) ==
	                at(space.low + 2 * (uint64_t)RM_SIM_SEGMENT_BYTES),
	        "a map of nearly all the rest succeeds");
	CHECK(rm_sim_space_segment() && rm_sim_space_segment() &&
	                !rm_sim_space_segment() && space.low == space.high,
	        "segments end where maps begin");
	CHECK(!rm_sim_space_map(4096), "after the last segment the heap is "
	                               "full");
	space.low -= RM_SIM_SEGMENT_BYTES;
	CHECK(!rm_sim_space_map(RM_SIM_SEGMENT_BYTES + 1) &&
	                rm_sim_space_map(RM_SIM_SEGMENT_BYTES) ==
	                        at(space.low) &&
	                !rm_sim_space_segment(),
	        "maps end where segments begin");
}

static void space_is_reserved_once(void)
{
	struct rm_error error = { "" };

	CHECK(rm_sim_space_open(&error) == -EEXIST && error.text[0],
	        "a second reservation fails with an error");
}

int main(void)
{
	struct rm_error error = { "" };

	CHECK(rm_sim_space_open(&error) == 0, "the space is reserved");
	pages_come_from_above();
	freed_ones_keep_their_order();
	segments_come_from_below();
	stacks_lie_apart();
	stacks_are_guarded();
	offsets_are_of_the_space();
	globals_are_numbered();
	images_are_what_is_loaded();
	images_have_offsets();
	many_may_be_freed();
	the_heap_has_an_end();
	space_is_reserved_once();
	return DONE();
}
