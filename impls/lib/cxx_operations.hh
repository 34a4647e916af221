/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cxx_operations.hh - the operations of a map whose file has defined table<Key,
 * Value> (cxx_map.hh) and the shapes in `offered`: all, those of 64-bit keys,
 * or only u64x8.
 *
 * If memory runs out, the process ends; the operations never throw.
 */
#ifndef RM_CXX_OPERATIONS_HH
#define RM_CXX_OPERATIONS_HH

#include "impls/lib/cxx_map.hh"
#include "impls/support/no_handle.h"

namespace
{
/* The handle of each thread. It stores the shape, because destroy() and
   length() have no argument for it. */
struct map {
	rm_shape shape;
};

template <class Key, class Value> struct typed_map : map {
	alignas(RM_CACHE_LINE) table<Key, Value> entries;

	explicit typed_map(const rm_sizing &sizing)
	    : map{ sizing.shape }, entries(sizing)
	{
	}

	RM_INLINED static view<Key> view_of(rm_key key)
	{
		if constexpr (std::is_same_v<Key, std::string>)
			return std::string_view(key.bytes, key.length);
		else
			return key.word;
	}

	/* Long values are passed by reference, to avoid a copy. */
	using Given =
	        std::conditional_t<(RM_VALUE_WORDS > 3) &&
	                                   std::is_same_v<Value, rm_value>,
	                const Value &, Value>;

	RM_INLINED static Given value_of(const rm_value *value)
	{
		if constexpr (std::is_same_v<Value, uint64_t>)
			return value->word[0];
		else
			return *value;
	}
};

/* Calls `use` with the map cast to the type for its shape. The shape is a
   constant in the measured loop, so the compiler removes the branches. */
template <class F> RM_HOT auto with(void *opaque, rm_shape shape, F use)
{
	map *self = static_cast<map *>(opaque);

	if constexpr ((offered & 3U << 2) != 0) {
		if (shape.str && shape.value_bytes == 8)
			return use(
			        static_cast<typed_map<std::string, uint64_t> *>(
			                self));
		if (shape.str)
			return use(
			        static_cast<typed_map<std::string, rm_value> *>(
			                self));
	}
	if constexpr (offered & 1U << 1) {
		if (shape.value_bytes == RM_VALUE_LONG)
			return use(static_cast<typed_map<uint64_t, rm_value> *>(
			        self));
	}
	return use(static_cast<typed_map<uint64_t, uint64_t> *>(self));
}

void *create(const rm_sizing *sizing)
{
	return with(nullptr, sizing->shape, [&](auto *typed) -> void * {
		try {
			return static_cast<map *>(
			        new std::remove_pointer_t<decltype(typed)>(
			                *sizing));
		} catch (const std::bad_alloc &) {
			return nullptr;
		}
	});
}

void destroy(void *self)
{
	with(self, static_cast<map *>(self)->shape,
	        [](auto *map) { delete map; });
}

/* Some libraries require each thread to register. */
template <class Table> void begin_thread()
{
	if constexpr (requires { Table::begin_thread(); })
		Table::begin_thread();
}

template <class Table> void end_thread()
{
	if constexpr (requires { Table::end_thread(); })
		Table::end_thread();
}

void *join(void *self, size_t slot)
{
	begin_thread<table<uint64_t, uint64_t>>();
	return map_itself(self, slot);
}

void leave(void *)
{
	end_thread<table<uint64_t, uint64_t>>();
}

RM_HOT bool lookup(
        void *self, rm_shape shape, rm_key key, rm_value *value) noexcept
{
	return with(self, shape, [&](auto *map) RM_INLINED {
		return map->entries.find(map->view_of(key), value);
	});
}

RM_HOT bool exchange(void *self, rm_shape shape, rm_key key,
        const rm_value *value, rm_value *old) noexcept
{
	return with(self, shape, [&](auto *map) RM_INLINED {
		return map->entries.put(
		        map->view_of(key), map->value_of(value), old);
	});
}

RM_HOT bool take(void *self, rm_shape shape, rm_key key, rm_value *old) noexcept
{
	return with(self, shape, [&](auto *map) RM_INLINED {
		return map->entries.drop(map->view_of(key), old);
	});
}

bool insert_if_absent(void *self, rm_shape shape, rm_key key,
        const rm_value *value, rm_value *present) noexcept
{
	return with(self, shape, [&](auto *map) {
		return map->entries.add(
		        map->view_of(key), map->value_of(value), present);
	});
}

/* Not all libraries support a scan. */
template <class Table>
concept can_scan = requires(Table &entries)
{
	entries.scan([](uint64_t, uint64_t) { return true; });
};
constexpr bool scans = can_scan<table<uint64_t, uint64_t>>;

void scan(void *self, rm_shape shape, rm_scan_fn *fn, void *context) noexcept
{
	with(self, shape, [&](auto *map) {
		const auto visit = [&](const auto &key, const auto &held) {
			rm_value value = {};

			give(&value, held);
			return fn(context, key_of(key), &value);
		};

		if constexpr (scans)
			map->entries.scan(visit);
	});
}

/* Not all libraries have a consistent count. */
template <class Table>
concept can_count = requires(Table &entries)
{
	entries.size();
};
constexpr bool counts = can_count<table<uint64_t, uint64_t>>;

size_t length(void *self) noexcept
{
	return with(self, static_cast<map *>(self)->shape, [](auto *map) {
		if constexpr (counts)
			return size_t(map->entries.size());
		else
			return size_t(0);
	});
}

/* Not constexpr, since g++ 12 would then assume that every member is NULL. */
constinit const rm_map_ops all_operations = {
	.create = create,
	.destroy = destroy,
	.join = join,
	.leave = leave,
	.lookup = lookup,
	.quiesce = nothing,
	.exchange = exchange,
	.take = take,
	.insert_if_absent = insert_if_absent,
	.scan = scans ? scan : nullptr,
	.length = counts ? length : nullptr,
};
} // namespace

/* Members of struct rm_impl that maps whose shards have locks share, from
   `shapes` on. */
#define CXX_LOCKED                                          \
	.shapes = offered, .guarantees = "once-if-present", \
	.progress = "blocking", .ops = &all_operations,     \
	.drive = RM_ALL_DRIVES, .version = version

#endif
