/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_tso.c - x86-TSO (Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, CACM
 * 53(7), 2010): each lane has a buffer of stores that the others do not see
 * yet, first in, first out.
 *
 * Orders are mapped as compilers do for x86: a seq_cst store is one with a full
 * fence behind it, seq_cst fences and read-modify-writes are full fences, all
 * else is plain. A lane sees its own buffer first. A buffer is one more lane
 * to the schedulers: where it gets the turn its oldest stores take effect, so
 * that a list of turns says what was drained when.
 *
 * Races are C11's whatever the machine does: what a store gives to who
 * acquires it is the clock of when it was made.
 */
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"

#include <string.h>

enum { PENDING_MOST = 16 }; /* then the oldest goes by itself */

struct pending {
	struct rm_explore_atomic access;
	rm_explore_value value;
	struct rm_explore_clock given;
};

_Static_assert((int)RM_EXPLORE_LANES == (int)RM_EXPLORE_BUFFERS_AT,
        "the turn of lane N's buffer is that of lane N + LANES");

static struct buffer {
	struct pending pending[PENDING_MOST]; /* the oldest first */
	unsigned count;
} buffer[RM_EXPLORE_LANES];

static bool begin(void)
{
	for (unsigned i = 0; i < RM_EXPLORE_LANES; i++)
		buffer[i].count = 0;
	rm_explore.buffers = 0;
	return true;
}

static void made(uint32_t place)
{
	(void)place;
}

static struct buffer *own(void)
{
	return &buffer[rm_explore.running->id];
}

/* It was made when its memory was there, and arrives when it is not. */
static _Noreturn void too_late(unsigned lane, const struct pending *pending)
{
	rm_explore_stop(RM_EXPLORE_FREED, pending->access.site, NULL,
	        "a store of %s leaves its buffer when its memory has been "
	        "freed",
	        rm_explore_lane_name(lane));
}

static void take_effect(unsigned lane, const struct pending *pending)
{
	const struct rm_explore_atomic *access = &pending->access;
	uint64_t offset = access->at - rm_explore_heap;

	if (offset < RM_EXPLORE_HEAP_BYTES &&
	        !rm_explore_in_block(offset, access->bytes))
		too_late(lane, pending);
	rm_explore_note_leaves(lane, access->site);
	rm_explore_given(access->at, access->bytes, &pending->given);
	rm_explore_poke(access->at, access->bytes, pending->value);
}

static unsigned let_go(unsigned lane, unsigned most)
{
	struct buffer *from = &buffer[lane];
	unsigned count = most < from->count ? most : from->count;

	for (unsigned i = 0; i < count; i++)
		take_effect(lane, &from->pending[i]);
	from->count -= count;
	memmove(from->pending, from->pending + count,
	        from->count * sizeof(from->pending[0]));
	if (!from->count)
		rm_explore.buffers &= ~(1U << (RM_EXPLORE_LANES + lane));
	return count;
}

static void let_go_before(uintptr_t address, size_t bytes)
{
	const struct buffer *self = own();

	for (unsigned i = 0; i < self->count; i++)
		if (self->pending[i].access.at - address < bytes) {
			rm_explore_drain_own();
			return;
		}
}

/* The newest of its own stores to this address, or NULL. Places have one size
   each, so that it is all or nothing. */
static const struct pending *forwarded(uintptr_t at)
{
	const struct buffer *self = own();

	for (unsigned i = self->count; i-- > 0;)
		if (self->pending[i].access.at == at)
			return &self->pending[i];
	return NULL;
}

static rm_explore_value load(
        const struct rm_explore_atomic *access, uint32_t place)
{
	const struct pending *pending = forwarded(access->at);

	(void)place;
	return pending ? pending->value : rm_explore_plain_load(access);
}

static void store(const struct rm_explore_atomic *access, uint32_t place,
        rm_explore_value value)
{
	struct buffer *self = own();

	(void)place;
	if (self->count == PENDING_MOST)
		let_go(rm_explore.running->id, 1);
	self->pending[self->count++] = (struct pending){ .access = *access,
		.value = value,
		.given = rm_explore_give(access->order) };
	rm_explore.buffers |= 1U << (RM_EXPLORE_LANES + rm_explore.running->id);
	rm_explore_note_waits();
	if (access->order == __ATOMIC_SEQ_CST)
		rm_explore_drain_own();
	else
		rm_explore_buffered();
}

/* The buffer is empty: whoever changes has drained it (memory.c). */
static void change(const struct rm_explore_atomic *access, uint32_t place)
{
	(void)place;
	rm_explore_changed(access->at, access->bytes, access->order);
}

static bool fails(const struct rm_explore_atomic *access, uint32_t place,
        rm_explore_value expected, rm_explore_value *seen)
{
	(void)place;
	*seen = rm_explore_peek(access->at, access->bytes);
	if (*seen == expected)
		return false;
	rm_explore_loaded(access->at, access->bytes, access->order);
	return true;
}

static void fence(int order)
{
	if (order == __ATOMIC_SEQ_CST)
		rm_explore_drain_own();
	rm_explore_fenced(order);
}

/* Nothing: who looks at a key after it was written here, and reads the old one,
   shows that the write ended without the fence that it needs. */
static void boundary(void)
{
}

/* The program does it itself, and not from a buffer: its own stores to these
   bytes come first. */
static void plain(uintptr_t address, unsigned bytes, bool write)
{
	(void)bytes, (void)write;
	let_go_before(address & ~(uintptr_t)7, 8);
}

const struct rm_explore_model rm_explore_tso = { .begin = begin,
	.made = made,
	.load = load,
	.store = store,
	.change = change,
	.fails = fails,
	.fence = fence,
	.boundary = boundary,
	.plain = plain,
	.drain = let_go,
	.drain_before = let_go_before };
