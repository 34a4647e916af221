/* SPDX-License-Identifier: Apache-2.0 */
/*
 * space.c - addresses of simulated memory, independent of the host.
 *
 * Segments are allocated upwards from the low end, and separate pages downwards
 * from the high end, like heap and mmap() in a real process. They meet when the
 * whole space is used.
 */
#include "runner/sim/guest/space.h"

#include "runner/sim/model/model.h"

#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

_Static_assert(RM_SIM_OFFSETS <= RM_SIM_SPACE_BYTES,
        "lines must fit into a tag: others would always miss");

enum {
	PAGE = 4096,
	/* Includes the guard page. An odd number of pages, since otherwise all
	   stack tops would use few sets of the host's TLB. */
	STACK_STRIDE = PAGE + RM_SIM_STACK_BYTES,
	/* distance of two stack tops, modulo a page: an odd number of cache
	   lines */
	STACK_STAGGER_BYTES = 7 * RM_SIM_LINE_BYTES,
	FREED_MAX = 4096, /* more freed pages are not reused */
	GLOBAL_PAGES = RM_SIM_GLOBALS_BYTES / PAGE,
};

_Static_assert(
        (RM_SIM_CORES_MAX + 1) * (uint64_t)STACK_STRIDE <= RM_SIM_STACKS_BYTES,
        "every core and the main thread need a stack");

struct freed {
	uint64_t offset, bytes;
};

/* All state of simulated memory. It is static, since simulated code cannot pass
   a handle. */
static struct {
	uint64_t low;  /* end of the allocated segments */
	uint64_t high; /* start of the allocated pages */
	struct freed freed[FREED_MAX];
	unsigned freed_count;
	uintptr_t image, image_bytes;
	const char *path; /* path of the image; the loader owns it */
	uint32_t page_number[GLOBAL_PAGES]; /* numbers of the image's pages; 0:
	                                     * no number yet */
	uint32_t pages;
} space;

/* Finds the image that contains an address. For NULL, this is the first entry
   of the loader's list: the program itself. */
static int find_image(struct dl_phdr_info *info, size_t size, void *address)
{
	uintptr_t low = UINTPTR_MAX, high = 0;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];
		uintptr_t start = info->dlpi_addr + header->p_vaddr;

		if (header->p_type != PT_LOAD)
			continue;
		if (start < low)
			low = start;
		if (start + header->p_memsz > high)
			high = start + header->p_memsz;
	}
	if (address && ((uintptr_t)address < low || (uintptr_t)address >= high))
		return 0;
	space.image = low & ~(uintptr_t)(PAGE - 1);
	space.image_bytes = high - space.image;
	space.path = info->dlpi_name;
	return 1;
}

int rm_sim_space_choose(const void *address, struct rm_error *error)
{
	dl_iterate_phdr(find_image, (void *)(uintptr_t)address);
	return space.image_bytes <= RM_SIM_GLOBALS_BYTES
	               ? 0
	               : rm_error_set(error, -E2BIG,
	                         "more than %d MiB of code and globals",
	                         (int)(RM_SIM_GLOBALS_BYTES >> 20));
}

const char *rm_sim_space_path(void)
{
	return space.path ? space.path : "";
}

int rm_sim_space_open(struct rm_error *error)
{
	void *base = (void *)(uintptr_t)RM_SIM_BASE;
	void *got = mmap(base, RM_SIM_MAPPED_BYTES, PROT_READ | PROT_WRITE,
	        MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
	                MAP_FIXED_NOREPLACE,
	        -1, 0);

	if (got != base)
		return rm_error_set(error, got == MAP_FAILED ? -errno : -EEXIST,
		        "simulated memory cannot be reserved at %p: %s", base,
		        got == MAP_FAILED ? strerror(errno) : "taken");
	/* huge pages would waste memory of the host */
	madvise(base, RM_SIM_MAPPED_BYTES, MADV_NOHUGEPAGE);
	space.low = 0;
	space.high = RM_SIM_HEAP_BYTES;
	return rm_sim_space_choose(NULL, error);
}

void *rm_sim_space_stack(unsigned n)
{
	char *low = (char *)(uintptr_t)(RM_SIM_BASE + RM_SIM_STACKS_AT) +
	            (size_t)n * STACK_STRIDE;
	char *top = low + PAGE + RM_SIM_STACK_BYTES;

	mprotect(low, PAGE, PROT_NONE);
	return top - (n + 1) * STACK_STAGGER_BYTES % PAGE;
}

uint64_t rm_sim_space_image(const void *address)
{
	uintptr_t offset = (uintptr_t)address - space.image;

	return offset < space.image_bytes ? offset : 0;
}

uint64_t rm_sim_space_global(uintptr_t address)
{
	uintptr_t offset = address - space.image;

	if (offset >= space.image_bytes)
		return RM_SIM_NOWHERE;

	uint32_t *number = &space.page_number[offset / PAGE];

	/* numbered at first use, so that globals of other maps do not change
	   the numbers of this map's globals */
	if (!*number)
		*number = ++space.pages;
	return RM_SIM_GLOBALS_AT + (uint64_t)(*number - 1) * PAGE +
	       offset % PAGE;
}

static uint64_t whole_pages(size_t bytes)
{
	return ((uint64_t)bytes + PAGE - 1) & ~(uint64_t)(PAGE - 1);
}

void *rm_sim_space_map(size_t bytes)
{
	uint64_t length = whole_pages(bytes);

	if (!length || length > RM_SIM_HEAP_BYTES)
		return NULL;
	for (unsigned i = space.freed_count; i-- > 0;)
		if (space.freed[i].bytes == length) {
			uint64_t offset = space.freed[i].offset;

			memmove(&space.freed[i], &space.freed[i + 1],
			        (--space.freed_count - i) *
			                sizeof(*space.freed));
			return (void *)(uintptr_t)(RM_SIM_BASE + offset);
		}
	if (space.high - space.low < length)
		return NULL;
	space.high -= length;
	return (void *)(uintptr_t)(RM_SIM_BASE + space.high);
}

void rm_sim_space_unmap(void *pages, size_t bytes)
{
	uint64_t length = whole_pages(bytes);

	madvise(pages, length, MADV_DONTNEED); /* zeroes them */
	if (space.freed_count < FREED_MAX)
		space.freed[space.freed_count++] =
		        (struct freed){ (uintptr_t)pages - RM_SIM_BASE,
			        length };
}

void *rm_sim_space_segment(void)
{
	uint64_t offset = space.low;

	if (space.high - offset < RM_SIM_SEGMENT_BYTES)
		return NULL;
	space.low += RM_SIM_SEGMENT_BYTES;
	return (void *)(uintptr_t)(RM_SIM_BASE + offset);
}
