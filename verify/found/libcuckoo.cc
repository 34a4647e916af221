// SPDX-License-Identifier: Apache-2.0
// libcuckoo's cuckoohash_map, which begins with four slots. length() locks the table.
#include <libcuckoo/cuckoohash_map.hh>
#include <readmostly.h>

// With std::hash, which is the identity, growth throws load_factor_too_low, as documented.
struct Mixed {
	size_t operator()(uint64_t key) const
	{
		return (key ^ key >> 32) * 0x9e3779b97f4a7c15 >> 7;
	}
};

struct Adapter {
	using key_type = uint64_t;
	using Result = std::optional<uint64_t>;
	libcuckoo::cuckoohash_map<uint64_t, uint64_t, Mixed> map{ 4 };

	explicit Adapter(size_t)
	{
	}
	Result lookup(uint64_t key)
	{
		uint64_t value;
		return map.find(key, value) ? Result(value) : Result();
	}
	Result upsert(uint64_t key, uint64_t value)
	{
		Result old;
		map.upsert(
		        key,
		        [&](uint64_t &held) {
			        old = std::exchange(held, value);
		        },
		        value);
		return old;
	}
	Result remove(uint64_t key)
	{
		Result old;
		map.erase_fn(
		        key, [&](uint64_t &held) { return old = held, true; });
		return old;
	}
	template <class F> void scan(F visit)
	{
		auto all = map.lock_table();
		for (const auto &[key, value] : all)
			if (!visit(key, value))
				return;
	}
	size_t length()
	{
		return map.lock_table().size();
	}
};

RM_FOREIGN_MAP("libcuckoo", "point-in-time", "blocking", Adapter)
