/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_tso.c - x86-TSO (Sewell, Sarkar, Owens, Zappa Nardelli, Myreen, CACM
 * 53(7), 2010): each lane has a FIFO buffer of stores that other lanes do not
 * see yet.
 *
 * Orders are mapped as compilers do for x86: a seq_cst store is followed by a
 * full fence, seq_cst fences and read-modify-writes are full fences, and all
 * other accesses are plain. A lane reads its own buffer first. Schedulers treat
 * a buffer as one more lane: in its turn, its oldest stores take effect. So the
 * list of turns records each drain.
 *
 * Races follow C11, not the machine: a store passes on the clock of the time
 * when it was issued.
 */
#include "verify/explore/heap.h"
#include "verify/explore/memory.h"

#include <string.h>

/* number of stores in a buffer; if it is full, the oldest is drained */
enum { PENDING_MOST = 16 };

struct pending {
	struct rm_explore_atomic access;
	rm_explore_value value;
	struct rm_explore_clock given;
};

_Static_assert((int)RM_EXPLORE_LANES == (int)RM_EXPLORE_BUFFERS_AT,
        "lane N's buffer has turns as lane N + LANES");

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

static struct buffer *own_buffer(void)
{
	return &buffer[rm_explore.running->id];
}

/* The memory was allocated when the store was issued, but has been freed
 * since. */
static _Noreturn void stop_late(unsigned lane, const struct pending *pending)
{
	rm_explore_stop(RM_EXPLORE_FREED, pending->access.site, NULL,
	        "a store of %s leaves its buffer after its memory was freed",
	        rm_explore_lane_name(lane));
}

static void take_effect(unsigned lane, const struct pending *pending)
{
	const struct rm_explore_atomic *access = &pending->access;
	uint64_t offset = access->at - rm_explore_heap;

	if (offset < RM_EXPLORE_HEAP_BYTES &&
	        !rm_explore_in_block(offset, access->bytes))
		stop_late(lane, pending);
	rm_explore_note_leaves(lane, access->site);
	rm_explore_set_clock(access->at, access->bytes, &pending->given);
	rm_explore_poke(access->at, access->bytes, pending->value);
}

static unsigned drain(unsigned lane, unsigned most)
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

static void drain_before(uintptr_t address, size_t bytes)
{
	const struct buffer *self = own_buffer();

	for (unsigned i = 0; i < self->count; i++)
		if (self->pending[i].access.at - address < bytes) {
			rm_explore_drain_own();
			return;
		}
}

/* Returns the newest store to this address in the lane's own buffer, or NULL. A
   place has one access size, so stores cannot overlap partially. */
static const struct pending *forwarded(uintptr_t at)
{
	const struct buffer *self = own_buffer();

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
	struct buffer *self = own_buffer();

	(void)place;
	if (self->count == PENDING_MOST)
		drain(rm_explore.running->id, 1);
	self->pending[self->count++] = (struct pending){ .access = *access,
		.value = value,
		.given = rm_explore_release_clock(access->order) };
	rm_explore.buffers |= 1U << (RM_EXPLORE_LANES + rm_explore.running->id);
	rm_explore_note_waits();
	if (access->order == __ATOMIC_SEQ_CST)
		rm_explore_drain_own();
	else
		rm_explore_store_buffered();
}

/* Called when memory.c has drained the buffer. */
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

/* Does nothing: stores stay in the buffer when an operation ends. So if another
   lane then reads an old value, a fence is missing at the end of the write. */
static void boundary(void)
{
}

/* The program performs this access directly, so the lane's buffered stores to
   these bytes must take effect first. */
static void plain(uintptr_t address, unsigned bytes, bool write)
{
	(void)bytes, (void)write;
	drain_before(address & ~(uintptr_t)7, 8);
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
	.drain = drain,
	.drain_before = drain_before };
