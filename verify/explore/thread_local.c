/* SPDX-License-Identifier: Apache-2.0 */
/*
 * thread_local.c - thread-local variables of explored libraries, and the
 * destructors of static and thread-local objects.
 *
 * All lanes run on one host thread, so each lane has its own copy of the
 * library's variables. It is a block of the explored heap, which is freed when
 * the lane ends. The main thread ends with the process.
 */
#include "verify/explore/thread_local.h"
#include "verify/explore/clocks.h"
#include "verify/explore/heap.h"

#include <link.h>
#include <string.h>

/* Only compiled maps call these functions, so prototypes would not help. */
#pragma GCC diagnostic ignored "-Wmissing-prototypes"

#define SITE __builtin_return_address(0)

enum { DESTRUCTORS = 64 };

/* The argument of __tls_get_addr(). */
struct variable {
	unsigned long module, offset;
};

struct destructors {
	unsigned count;
	struct destructor {
		void (*run)(void *object);
		void *object;
	} list[DESTRUCTORS];
};

struct copy {
	/* number of the schedule to which the other members belong */
	uint32_t number;
	char *block; /* NULL: not used yet */
	struct destructors destructors;
};

static struct {
	unsigned long module; /* 0: not known yet */
	const void *initial;
	size_t initial_bytes, bytes, alignment;
	struct copy copy[RM_EXPLORE_LANES];
	/* destructors of objects that exist in every schedule */
	struct destructors loaded;
} locals;

static struct copy *copy_of(unsigned lane)
{
	struct copy *copy = &locals.copy[lane];

	if (copy->number == rm_explore.number)
		return copy;
	copy->number = rm_explore.number;
	copy->block = NULL;
	copy->destructors.count = 0;
	return copy;
}

/* Reads the place of the initial values of a module. */
static int find_module(struct dl_phdr_info *info, size_t size, void *module)
{
	(void)size;
	if (info->dlpi_tls_modid != *(unsigned long *)module)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &info->dlpi_phdr[i];

		if (header->p_type != PT_TLS)
			continue;
		locals.module = info->dlpi_tls_modid;
		locals.initial =
		        (const void *)(info->dlpi_addr + header->p_vaddr);
		locals.initial_bytes = header->p_filesz;
		locals.bytes = header->p_memsz;
		locals.alignment = header->p_align;
	}
	return 1;
}

static void make_block(struct copy *copy, const void *site)
{
	copy->block = rm_explore_allocate(locals.alignment, locals.bytes, site);
	if (!copy->block)
		rm_explore_stop(RM_EXPLORE_MISUSE, site, NULL,
		        "out of memory for thread-local variables");
	rm_explore_clocks_filled((uintptr_t)copy->block, locals.bytes, site);
	memset(copy->block, 0, locals.bytes);
	memcpy(copy->block, locals.initial, locals.initial_bytes);
}

/* Replaces __tls_get_addr(). The library is the only explored module. */
void *rm_explore_tls_get(struct variable *variable)
{
	struct copy *copy = copy_of(rm_explore.running->id);

	if (locals.module != variable->module)
		dl_iterate_phdr(find_module, &variable->module);
	if (!copy->block)
		make_block(copy, SITE);
	return copy->block + variable->offset;
}

static int add(struct destructors *to, struct destructor destructor)
{
	if (to->count == DESTRUCTORS)
		rm_explore_stop(RM_EXPLORE_MISUSE, NULL, NULL,
		        "not explored: more than %d static objects",
		        DESTRUCTORS);
	to->list[to->count++] = destructor;
	return 0;
}

/* Replaces __cxa_thread_atexit(). */
int rm_explore_thread_atexit(
        void (*run)(void *object), void *object, void *library)
{
	(void)library;
	return add(&copy_of(rm_explore.running->id)->destructors,
	        (struct destructor){ run, object });
}

/* Replaces __cxa_atexit(). No schedule runs while the library is loaded. */
int rm_explore_atexit(void (*run)(void *object), void *object, void *library)
{
	(void)library;
	return add(
	        rm_explore.number ? &copy_of(0)->destructors : &locals.loaded,
	        (struct destructor){ run, object });
}

static void run_all(const struct destructors *all)
{
	for (unsigned i = all->count; i-- > 0;)
		all->list[i].run(all->list[i].object);
}

void rm_explore_locals_end(void)
{
	struct copy *copy = copy_of(rm_explore.running->id);

	run_all(&copy->destructors);
	if (!rm_explore.running->id)
		run_all(&locals.loaded);
	if (copy->block)
		rm_explore_free(copy->block, SITE);
	copy->block = NULL;
}
