// SPDX-License-Identifier: Apache-2.0
// unordered_map.cc - std::unordered_map under std::shared_mutex, as a library
// that `readmostly check` can load.
#include "runner/foreign.h"

#include <mutex>
#include <new>
#include <shared_mutex>
#include <string>
#include <unordered_map>

namespace
{

// The interface of both kinds of map to the C functions. Any thread may call
// it.
struct Map {
	virtual ~Map() = default;
	virtual bool lookup(const rm_foreign_key &, uint64_t *value) = 0;
	virtual bool upsert(
	        const rm_foreign_key &, uint64_t value, uint64_t *old) = 0;
	virtual bool remove(const rm_foreign_key &, uint64_t *old) = 0;
	virtual bool insert(
	        const rm_foreign_key &, uint64_t value, uint64_t *present) = 0;
	virtual bool compare_swap(
	        const rm_foreign_key &, uint64_t expected, uint64_t value) = 0;
	virtual bool compare_remove(
	        const rm_foreign_key &, uint64_t expected) = 0;
	virtual void scan(rm_foreign_visit *visit, void *context) = 0;
	virtual size_t length() = 0;
	virtual void clear() = 0;
};

uint64_t from(const rm_foreign_key &key, uint64_t *)
{
	return key.word;
}

std::string from(const rm_foreign_key &key, std::string *)
{
	return key.length ? std::string(key.bytes, key.length) : std::string();
}

rm_foreign_key to(uint64_t key)
{
	return { key, nullptr, 0 };
}

rm_foreign_key to(const std::string &key)
{
	return { 0, key.data(), key.size() };
}

// `Key` is uint64_t or std::string.
template <class Key> class Shared : public Map
{
	using Write = std::unique_lock<std::shared_mutex>;
	using Read = std::shared_lock<std::shared_mutex>;

      public:
	explicit Shared(size_t expected_keys)
	{
		map.reserve(expected_keys);
	}

	bool lookup(const rm_foreign_key &key, uint64_t *value) override
	{
		Read lock(mutex);
		auto at = map.find(own(key));

		if (at == map.end())
			return false;
		*value = at->second;
		return true;
	}

	bool upsert(const rm_foreign_key &key, uint64_t value,
	        uint64_t *old) override
	{
		Write lock(mutex);
		auto [at, inserted] = map.try_emplace(own(key), value);

		if (inserted)
			return false;
		if (old)
			*old = at->second;
		at->second = value;
		return true;
	}

	bool remove(const rm_foreign_key &key, uint64_t *old) override
	{
		Write lock(mutex);
		auto at = map.find(own(key));

		if (at == map.end())
			return false;
		if (old)
			*old = at->second;
		map.erase(at);
		return true;
	}

	bool insert(const rm_foreign_key &key, uint64_t value,
	        uint64_t *present) override
	{
		Write lock(mutex);
		auto [at, inserted] = map.try_emplace(own(key), value);

		if (!inserted)
			*present = at->second;
		return !inserted;
	}

	bool compare_swap(const rm_foreign_key &key, uint64_t expected,
	        uint64_t value) override
	{
		Write lock(mutex);
		auto at = map.find(own(key));

		if (at == map.end() || at->second != expected)
			return false;
		at->second = value;
		return true;
	}

	bool compare_remove(
	        const rm_foreign_key &key, uint64_t expected) override
	{
		Write lock(mutex);
		auto at = map.find(own(key));

		if (at == map.end() || at->second != expected)
			return false;
		map.erase(at);
		return true;
	}

	// Holds the lock during the scan, so that the entries belong to one
	// moment.
	void scan(rm_foreign_visit *visit, void *context) override
	{
		Read lock(mutex);

		for (const auto &[key, value] : map) {
			rm_foreign_key foreign = to(key);

			if (!visit(context, &foreign, value))
				return;
		}
	}

	size_t length() override
	{
		Read lock(mutex);

		return map.size();
	}

	void clear() override
	{
		Write lock(mutex);

		map.clear();
	}

      private:
	static Key own(const rm_foreign_key &key)
	{
		return from(key, static_cast<Key *>(nullptr));
	}

	std::shared_mutex mutex;
	std::unordered_map<Key, uint64_t> map;
};

Map *of(void *handle)
{
	return static_cast<Map *>(handle);
}

// noexcept: out of memory ends the process; no exception may reach C.
void *create(uint32_t kind, size_t expected_keys, size_t, uint64_t) noexcept
{
	Map *map;

	if (kind == RM_FOREIGN_STR)
		map = new (std::nothrow) Shared<std::string>(expected_keys);
	else
		map = new (std::nothrow) Shared<uint64_t>(expected_keys);
	return map;
}

void destroy(void *map) noexcept
{
	delete of(map);
}

} // namespace

extern "C" const rm_foreign_map rm_foreign_map;

const struct rm_foreign_map rm_foreign_map = {
	RM_FOREIGN_VERSION,
	sizeof(struct rm_foreign_map),
	"std::unordered_map",
	RM_FOREIGN_U64 | RM_FOREIGN_STR,
	0,
	"point-in-time",
	"blocking",
	create,
	destroy,
	[](void *h, const rm_foreign_key *k, uint64_t *v) noexcept -> int {
	        return of(h)->lookup(*k, v);
	},
	[](void *h, const rm_foreign_key *k, uint64_t v, uint64_t *o) noexcept
	-> int { return of(h)->upsert(*k, v, o); },
	[](void *h, const rm_foreign_key *k, uint64_t *o) noexcept -> int {
	        return of(h)->remove(*k, o);
	},
	nullptr, // join: the map is every thread's handle
	nullptr, // leave
	nullptr, // quiesce
	[](void *h, const rm_foreign_key *k, uint64_t v, uint64_t *p) noexcept
	-> int { return of(h)->insert(*k, v, p); },
	[](void *h, const rm_foreign_key *k, uint64_t e, uint64_t v) noexcept
	-> int { return of(h)->compare_swap(*k, e, v); },
	[](void *h, const rm_foreign_key *k, uint64_t e) noexcept -> int {
	        return of(h)->compare_remove(*k, e);
	},
	[](void *h, rm_foreign_visit *visit, void *context) noexcept {
	        of(h)->scan(visit, context);
	},
	[](void *h) noexcept { return of(h)->length(); },
	[](void *h) noexcept { of(h)->clear(); },
};
