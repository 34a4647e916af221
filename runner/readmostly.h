/* SPDX-License-Identifier: Apache-2.0 */
/*
 * readmostly.h - interface for a map of another project, in any language with a
 * C ABI. `readmostly check` and `readmostly explore` use it
 * (docs/guide/check-your-map.md).
 *
 * This header is self-contained: copy it. An adapter defines one object,
 *
 *	const struct rm_foreign_map rm_foreign_map = { RM_FOREIGN_VERSION,
 *	        sizeof(struct rm_foreign_map), "my map", ... };
 *
 * In C++, use RM_FOREIGN_MAP at the end of this file. readmostly.rs contains
 * these declarations for Rust. examples/ contains an adapter for each language.
 *
 * Rules: up to `threads` threads may call any function concurrently, except
 * create and destroy. This includes scan, length and clear. No C++ exception
 * and no Rust panic may leave a function. Pointers to keys and values are valid
 * only during the call, so copy the keys and values. "Was present" means that
 * the key had a value at the moment when the operation took effect.
 */
#ifndef RM_FOREIGN_H
#define RM_FOREIGN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Changes if the layout of the table changes incompatibly. New members are
   appended without a new version; `size` shows which members a library has. */
#define RM_FOREIGN_VERSION 1u

/* Bits of rm_foreign_map.keys: the kinds of keys that create() accepts. */
#define RM_FOREIGN_U64 1u /* 64-bit integers; any value, including 0 */
#define RM_FOREIGN_STR 2u /* byte strings; any bytes and length, including 0 */

/* Bits of rm_foreign_map.flags: limits of the map. Checks then skip operations
   that the map does not support, and execute fewer slow ones. */
#define RM_FOREIGN_ONE_WRITER  1u /* at most one thread may write */
#define RM_FOREIGN_SLOW_WRITES 2u /* a write costs O(size of the map) */

/* A key. 64-bit maps use only `word`. String maps use only `bytes` and
   `length`. `bytes` is not NUL-terminated, and may be null if length is 0. */
struct rm_foreign_key {
	uint64_t word;
	const char *bytes;
	size_t length;
};

/* Called by scan for each entry. Return 0 to stop the scan. */
typedef int rm_foreign_visit(
        void *context, const struct rm_foreign_key *key, uint64_t value);

struct rm_foreign_map {
	uint32_t version; /* RM_FOREIGN_VERSION */
	uint32_t size;    /* sizeof(struct rm_foreign_map) */
	const char *name; /* displayed name, ASCII, 1 to 24 characters */
	uint32_t keys;    /* RM_FOREIGN_U64 | RM_FOREIGN_STR */
	uint32_t flags;   /* RM_FOREIGN_ONE_WRITER | RM_FOREIGN_SLOW_WRITES */
	/* guarantees: for scan, length and clear during concurrent writes.
	   "point-in-time": the entries of one moment; "once-if-present": each
	   key that is present during the whole scan, exactly once; "none".
	   progress: whether a stalled thread can block others. "blocking";
	   "starvation-free": blocking, but no operation waits forever while
	   others complete; "lock-free"; "wait-free". */
	const char *guarantees;
	const char *progress;

	/* Required members. */

	/* Returns an empty map for one kind of key (RM_FOREIGN_U64 or _STR), or
	   null if memory runs out. expected_keys: a hint; 0: unknown. seed: for
	   the hash function. */
	void *(*create)(uint32_t key_kind, size_t expected_keys, size_t threads,
	        uint64_t seed);
	void (*destroy)(void *map); /* no other thread uses the map */
	/* Returns whether the key was present. Sets *value only if it was. */
	int (*lookup)(void *handle, const struct rm_foreign_key *key,
	        uint64_t *value);
	/* Inserts the key, or replaces its value. Returns whether the key was
	   present. If it was, sets *old unless old is null. */
	int (*upsert)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *old);
	/* Removes the key. Returns whether the key was present. If it was, sets
	 * *old unless old is null. */
	int (*remove)(
	        void *handle, const struct rm_foreign_key *key, uint64_t *old);

	/* Optional members; null if the map lacks the function. */

	/* Returns the handle of thread `slot`, 0 to threads - 1, or null if
	   memory runs out. Called on that thread. If join is null, the map
	   itself is the handle. */
	void *(*join)(void *map, size_t slot);
	void (*leave)(void *handle);
	/* Called from time to time, when the thread holds no reference. */
	void (*quiesce)(void *handle);
	/* If the key is present, sets *present and changes nothing; otherwise
	   inserts it. Returns whether the key was present. */
	int (*insert_if_absent)(void *handle, const struct rm_foreign_key *key,
	        uint64_t value, uint64_t *present);
	/* Replaces the value by `value` if it is `expected`. Returns whether it
	   was replaced. */
	int (*compare_swap)(void *handle, const struct rm_foreign_key *key,
	        uint64_t expected, uint64_t value);
	/* Removes the key if its value is `expected`. Returns whether it was
	   removed. */
	int (*compare_remove)(void *handle, const struct rm_foreign_key *key,
	        uint64_t expected);
	void (*scan)(void *handle, rm_foreign_visit *visit, void *context);
	size_t (*length)(void *handle);
	void (*clear)(void *handle);
};

#ifdef __cplusplus
}
#endif

#if defined(__cplusplus) && __cplusplus >= 201703L
#include <new>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

/*
 * RM_FOREIGN_MAP(NAME, GUARANTEES, PROGRESS, CLASS) defines the object for a
 * class. The functions return std::optional; an empty value means that the key
 * was absent.
 *
 *	using key_type = uint64_t;	or std::string, std::string_view
 *	explicit CLASS(size_t expected_keys);
 *	std::optional<uint64_t> lookup(key_type key);
 *	std::optional<uint64_t> upsert(key_type key, uint64_t value);	the old
 *	std::optional<uint64_t> remove(key_type key);
 * optional:
 *	std::optional<uint64_t> insert_if_absent(key_type key, uint64_t value);
 *	bool compare_swap(key_type key, uint64_t expected, uint64_t value);
 *	bool compare_remove(key_type key, uint64_t expected);
 *	void scan(F visit);	bool visit(key, value); false: stop
 *	size_t length();
 *	void clear();
 *	void quiesce();
 */
namespace rm_foreign
{
inline int give(std::optional<uint64_t> value, uint64_t *to)
{
	if (value && to)
		*to = *value;
	return value.has_value();
}

template <class Map> struct functions {
	using key = typename Map::key_type;
	static constexpr bool is_u64 = std::is_integral_v<key>;

	static Map &of(void *handle)
	{
		return *static_cast<Map *>(handle);
	}

	static key from(const rm_foreign_key *given)
	{
		if constexpr (is_u64)
			return given->word;
		else
			return key(std::string_view(
			        given->length ? given->bytes : "",
			        given->length));
	}

	template <class Stored> static rm_foreign_key to(const Stored &stored)
	{
		if constexpr (is_u64)
			return { stored, nullptr, 0 };
		else
			return { 0, stored.data(), stored.size() };
	}

	/* noexcept: an exception must end the process before it reaches C
	   code */
	static void *create(uint32_t, size_t keys, size_t, uint64_t) noexcept
	{
		return new (std::nothrow) Map(keys);
	}

	static void destroy(void *map) noexcept
	{
		delete &of(map);
	}

	static int lookup(
	        void *map, const rm_foreign_key *k, uint64_t *value) noexcept
	{
		return give(of(map).lookup(from(k)), value);
	}

	static int upsert(void *map, const rm_foreign_key *k, uint64_t value,
	        uint64_t *old) noexcept
	{
		return give(of(map).upsert(from(k), value), old);
	}

	static int remove(
	        void *map, const rm_foreign_key *k, uint64_t *old) noexcept
	{
		return give(of(map).remove(from(k)), old);
	}

	struct visitor {
		rm_foreign_visit *visit;
		void *context;

		template <class Stored>
		bool operator()(const Stored &stored, uint64_t value) const
		{
			const rm_foreign_key found = to(stored);

			return visit(context, &found, value);
		}
	};

/* Sets a member of the table if Map has a function of this name. */
#define RM_FOREIGN_ADD(name, arguments, function)                     \
	template <class M>                                            \
	static constexpr auto name(struct rm_foreign_map &table, int) \
	        ->decltype(void(std::declval<M &>().name arguments))  \
	{                                                             \
		table.name = function;                                \
	}                                                             \
	template <class>                                              \
	static constexpr void name(struct rm_foreign_map &, long)     \
	{                                                             \
	}
	RM_FOREIGN_ADD(quiesce, (), [](void *m) noexcept { of(m).quiesce(); })
	RM_FOREIGN_ADD(insert_if_absent, (std::declval<key>(), 0),
	        ([](void *m, const rm_foreign_key *k, uint64_t value,
	                 uint64_t *present) noexcept -> int {
		        return give(of(m).insert_if_absent(from(k), value),
		                present);
	        }))
	RM_FOREIGN_ADD(compare_swap, (std::declval<key>(), 0, 0),
	        ([](void *m, const rm_foreign_key *k, uint64_t expected,
	                 uint64_t value) noexcept -> int {
		        return of(m).compare_swap(from(k), expected, value);
	        }))
	RM_FOREIGN_ADD(compare_remove, (std::declval<key>(), 0),
	        ([](void *m, const rm_foreign_key *k,
	                 uint64_t expected) noexcept -> int {
		        return of(m).compare_remove(from(k), expected);
	        }))
	RM_FOREIGN_ADD(scan, (std::declval<visitor>()),
	        ([](void *m, rm_foreign_visit *visit, void *context) noexcept {
		        of(m).scan(visitor{ visit, context });
	        }))
	RM_FOREIGN_ADD(length, (),
	        [](void *m) noexcept -> size_t { return of(m).length(); })
	RM_FOREIGN_ADD(clear, (), [](void *m) noexcept { of(m).clear(); })
#undef RM_FOREIGN_ADD
};

template <class Map>
constexpr struct rm_foreign_map table_of(
        const char *name, const char *guarantees, const char *progress)
{
	using f = functions<Map>;
	struct rm_foreign_map table = { RM_FOREIGN_VERSION, sizeof(table), name,
		f::is_u64 ? RM_FOREIGN_U64 : RM_FOREIGN_STR, 0, guarantees,
		progress, f::create, f::destroy, f::lookup, f::upsert,
		f::remove, nullptr, nullptr, nullptr, nullptr, nullptr, nullptr,
		nullptr, nullptr, nullptr };

	f::template quiesce<Map>(table, 0);
	f::template insert_if_absent<Map>(table, 0);
	f::template compare_swap<Map>(table, 0);
	f::template compare_remove<Map>(table, 0);
	f::template scan<Map>(table, 0);
	f::template length<Map>(table, 0);
	f::template clear<Map>(table, 0);
	return table;
}
} // namespace rm_foreign

#define RM_FOREIGN_MAP(name, guarantees, progress, ...)   \
	extern "C" __attribute__((visibility("default"))) \
	const struct rm_foreign_map rm_foreign_map;       \
	const struct rm_foreign_map rm_foreign_map =      \
	        rm_foreign::table_of<__VA_ARGS__>(name, guarantees, progress);
#elif defined(__cplusplus)
#define RM_FOREIGN_MAP(...) \
	static_assert(false, "RM_FOREIGN_MAP: expected -std=c++17 or newer");
#endif

#endif /* RM_FOREIGN_H */
