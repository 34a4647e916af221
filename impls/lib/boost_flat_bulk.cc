/* SPDX-License-Identifier: Apache-2.0 */
/*
 * boost_flat_bulk.cc - Boost's concurrent_flat_map with bulk visits.
 *
 * needs: c++ boost-new
 *
 * Like boost_flat_new, but if draws are uniform, the loop draws a batch of 64
 * operations, does its writes, and then looks up all other keys by one call.
 * That call fetches the lines of 16 keys before it compares them. A program
 * that has one key at a time cannot use this, so the row is not comparable with
 * rows of single look-ups. The loops with other draws look up one key at a
 * time.
 */
#define NDEBUG /* as in boost_flat.cc */

#include <boost/unordered/concurrent_flat_map.hpp>

namespace
{
template <class... T> using concurrent = boost::concurrent_flat_map<T...>;
}

#include "impls/lib/boost_concurrent.hh"

namespace
{
using words = table<uint64_t, uint64_t>;

/* The keys of a batch that are to be looked up, and their ranks. */
struct pending {
	uint64_t keys[RM_BATCH], ranks[RM_BATCH];
	size_t count, absent; /* `absent` counts keys that were drawn to miss */
};

/* Counts the misses, separately for resident ranks. A key that another thread
   has inserted in the meantime was resident. */
RM_COLD void count_misses(
        words &entries, rm_worker *worker, const pending &batch, size_t missed)
{
	for (size_t i = 0; missed && i < batch.count; i++)
		if (!entries.find(batch.keys[i], nullptr)) {
			rm_count_miss(worker, batch.ranks[i]);
			missed--;
		}
	worker->counts.misses_resident += missed;
}

/* Returns 0 if each value belongs to its key, that is, contains the key's
   rank. */
RM_HOT uint64_t look_up(words &entries, rm_worker *worker, const pending &batch)
{
	uint64_t wrong = 0;
	const size_t found = entries.entries.cvisit(batch.keys,
	        batch.keys + batch.count, [&](const auto &entry) RM_INLINED {
		        wrong |= rm_scatter(uint32_t(entry.second)) ^
		                 entry.first;
	        });

	if (__builtin_expect(found + batch.absent == batch.count, 1))
		worker->counts.misses_absent += batch.absent;
	else
		count_misses(entries, worker, batch, batch.count - found);
	return wrong;
}

/* Like rm_drive_mix() with uniform draws, but the look-ups of a batch come
   last. */
RM_HOT void drive_bulk(words &entries, rm_worker *worker,
        void (*write)(rm_worker *worker, uint64_t rank, uint64_t x))
{
	uint64_t rng = worker->rng, position = worker->position, wrong = 0;

	do {
		uint64_t left = RM_BATCH;
		pending batch;

		batch.count = batch.absent = 0;
		do {
			const uint64_t x = rm_next(&rng);
			const uint64_t rank = rm_draw(worker, RM_DRAWS_UNIFORM,
			        x, &rng, &position, worker->span);

			if (__builtin_expect(
			            uint32_t(x) < worker->write_below, 0)) {
				write(worker, rank, x);
				left = rm_batch_rest_after_write(worker, left);
				continue;
			}
			batch.absent += rank >= worker->resident;
			batch.ranks[batch.count] = rank;
			batch.keys[batch.count++] = rm_scatter(rank);
		} while (--left);
		wrong |= look_up(entries, worker, batch);
		worker->counts.iterations += RM_BATCH;
	} while (!rm_stopped(worker) &&
	         worker->counts.iterations < worker->iterations_limit);
	worker->counts.wrong |= wrong;
	worker->rng = rng;
	worker->position = position;
}
} // namespace

extern "C" {
RM_DRIVE(all_operations, u64x8, RM_U64X8)

static __attribute__((noinline)) void drive_u64x8_bulk(rm_worker *worker)
{
	map *self = static_cast<map *>(worker->thread);

	drive_bulk(static_cast<typed_map<uint64_t, uint64_t> *>(self)->entries,
	        worker, write_u64x8);
}

static void drive(rm_worker *worker)
{
	if (worker->pace || worker->replay || worker->skew || worker->stream ||
	        worker->write_kind == RM_FRESH)
		drive_u64x8(worker);
	else
		drive_u64x8_bulk(worker);
}

extern const struct rm_impl rm_impl_boost_flat_bulk = {
	.id = "boost_flat_bulk",
	.label = "Boost flat_map, bulk visits of 64",
	.family = "lock",
	.sync = "rw spin lock per 15 slots",
	.source = "Boost.Unordered, concurrent_flat_map",
	.shapes = 1U << 0,
	.guarantees = "once-if-present",
	.progress = "blocking",
	.ops = &all_operations,
	.drive = { drive, nullptr, nullptr, nullptr },
	.version = version,
};
}
