#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the commands for authors of maps outside of this tree. Each example of examples/ passes, and
# its injected bug is found (docs/guide/check-your-map.md).
# slow: 40 s of CPU time.
. tests/tools/tap.sh
needs check/library explore/library readmostly-history
build=$(realpath "$build") tree=$PWD
dir=$(mktemp -d) out=$dir/out
trap 'rm -rf "$dir"' EXIT
unset MAKEFLAGS MFLAGS MAKELEVEL SANITIZE CFLAGS CXXFLAGS
mkdir -p "$dir/lib dir/maps" "$dir/theirs"
cp -r "$build/author" "$build/readmostly-history" "$dir/lib dir"
for flavour in check explore; do
	mkdir "$dir/lib dir/maps/$flavour"
	cp "$build/maps/$flavour/library" "$dir/lib dir/maps/$flavour"
done
cp -r "$tree"/examples/{c,cpp,rust,go,java} "$dir/theirs"
cd "$dir/theirs" || exit

# gives STATUS WORDS COMMAND ARGUMENT...: the command ends with the status and prints the words.
gives() {
	local expected=$1 words=$2 command=$3; shift 3
	"$dir/lib dir/author/readmostly-$command" "$@" >"$out" 2>&1
	local status=$?
	[ $status = "$expected" ] && contains "$out" "$words" || { sed "s/^/# $status: /" "$out"; return 1; }
}
repeats() { # the command in the last line fails, too
	local command
	command=$(sed -n 's/^again: //p' "$out")
	eval "$command" | tail -n 1 | contains - "again: $command"
}
few=(--quiet --ops 5000) some=(--schedules 1500)
for example in c/chained.c cpp/unordered_map.cc; do
	check "$example passes the checks" gives 0 ' 0 failed' check $example "${few[@]}"
	check "$example is explored" gives 0 "ok   $example: 1500 schedules" explore $example "${some[@]}"
	export CFLAGS=-DBUG CXXFLAGS=-DBUG
	check "$example: the checks find its bug" \
		gives 1 "author/readmostly-check $example --shape u64x8" check $example --quiet --ops 200000
	check "$example: explore finds its bug" gives 1 "again: CFLAGS='-DBUG' CXXFLAGS='-DBUG' " explore $example "${some[@]}"
	check "explore prints lines of the map's source" grep -q "${example##*/}:[0-9]" "$out"
	check 'the trace has locks and unlocks' eval "grep -q ' locks\$' '$out' && grep -q ' unlocks\$' '$out'"
	unset CFLAGS CXXFLAGS
	check 'the printed command repeats the error' repeats
done
CXXFLAGS=-DKEY=std::string check 'keys may be strings' gives 0 'ok   ' explore cpp/unordered_map.cc "${some[@]}"
CXX=clang++ CXXFLAGS=-std=c++17 check 'clang can instrument' gives 0 'ok   ' explore cpp/unordered_map.cc "${some[@]}"
if rustc --version >/dev/null 2>&1; then
	check 'a map in Rust passes' gives 0 ' 0 failed' check rust/hash_map.rs "${few[@]}"
	RUSTFLAGS='--cfg bug' check 'its bug is found' gives 1 'FAIL rust/hash_map.rs u64x8' \
		check rust/hash_map.rs --quiet --ops 200000
else
	skip 'a map in Rust passes' 'rustc is not installed'
fi
check 'Rust cannot be explored' gives 2 'run readmostly check' explore rust/hash_map.rs

# judged LANGUAGE FOLDER COMMAND...: the command records a correct history, or with BUG=1 an
# incorrect one.
judged() {
	local language=$1 folder=$2; shift 2
	type "$1" >/dev/null 2>&1 || { skip "a map in $language" "$1 is not installed"; return; }
	check "a map in $language records a history" eval "(cd $folder && $*) >'$out' 2>&1"
	check 'the history is correct' gives 0 '' check --history $folder/history.jsonl
	(cd $folder && BUG=1 "$@") >"$out" 2>&1
	check 'the history with the bug is incorrect' \
		gives 1 '' check --history $folder/history.jsonl
}
judged Go go go test -count=1 history_test.go
judged Java java java History.java

# The adapter in the guide, with a map that it fits.
sed -n '/^```cpp$/,/^```$/ { /^```/d; p }' "$tree/docs/guide/check-your-map.md" >guide.cc
cat >their_map.hh <<'END'
#include <mutex>
#include <unordered_map>
namespace their {
template <class K, class V> struct map {
	std::mutex lock; std::unordered_map<K, V> entries;
	std::optional<V> find(K k) { std::lock_guard g(lock); auto i = entries.find(k);
		return i == entries.end() ? std::nullopt : std::optional(i->second); }
	std::optional<V> assign(K k, V v) { std::lock_guard g(lock); auto [i, is_new] = entries.emplace(k, v);
		return is_new ? std::nullopt : std::optional(std::exchange(i->second, v)); }
	std::optional<V> erase(K k) { std::lock_guard g(lock); auto n = entries.extract(k);
		return n ? std::optional(n.mapped()) : std::nullopt; }
};
}
END
check 'the adapter of the guide passes the checks' gives 0 ' 0 failed' check guide.cc "${few[@]}"
check 'the adapter of the guide is explored' gives 0 'ok   guide.cc' explore guide.cc "${some[@]}"

# C++ code that needs the C++ runtime library.
cat >cxx.cc <<'END'
#include <readmostly.h>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <vector>
static const std::shared_ptr<int> counted = std::make_shared<int>(7); // by atomic operations
static std::vector<std::shared_ptr<int>> at_load(3, counted);
struct Base { virtual ~Base() = default; virtual uint64_t get() = 0; };
struct Value : Base {
	uint64_t value;
	explicit Value(uint64_t v) : value(v) {}
	uint64_t get() override { return value; }
};
struct Adapter {
	using key_type = uint64_t;
	std::mutex lock; std::condition_variable free; bool taken = false;
	std::map<uint64_t, std::shared_ptr<Base>> entries;
	explicit Adapter(size_t) {}
	template <class F> auto alone(F run) {
		static std::vector<int> once(4);
		auto mine = counted;
		{ std::unique_lock hold(lock); free.wait(hold, [&] { return !taken; }); taken = true; }
		at_load.push_back(at_load[0]);
		at_load.resize(3 + once.size() - 4);
		auto result = run();
		{ std::lock_guard hold(lock); taken = false; }
		free.notify_one();
		return result;
	}
	std::optional<uint64_t> lookup(uint64_t key) { return alone([&]() -> std::optional<uint64_t> {
		try { return entries.at(key)->get(); } catch (const std::out_of_range &) { return {}; } }); }
	std::optional<uint64_t> upsert(uint64_t key, uint64_t value) { return alone([&]() -> std::optional<uint64_t> {
		auto old = std::exchange(entries[key], std::make_shared<Value>(value));
		return old ? std::optional(old->get()) : std::nullopt; }); }
	std::optional<uint64_t> remove(uint64_t key) { return alone([&]() -> std::optional<uint64_t> {
		auto node = entries.extract(key);
		return node ? std::optional(node.mapped()->get()) : std::nullopt; }); }
};
RM_FOREIGN_MAP("cxx", "none", "blocking", Adapter)
END
check 'exceptions, static objects, conditions, std::map and virtual functions are explored' \
	gives 0 'ok   cxx.cc' explore cxx.cc "${some[@]}"
sed 's/static std::vector<int> once/static thread_local std::vector<int> once/' cxx.cc >tls.cc
check 'each thread has its thread-local variables' gives 0 'ok   tls.cc' explore tls.cc "${some[@]}"
sed 's/bool taken = false;/& std::thread other{[] {}};/; 1i #include <thread>' cxx.cc >thread.cc
check 'threads of the map are rejected' \
	gives 2 'thread.cc: cannot be explored: it calls std::thread::_M_start_thread' explore thread.cc
check 'a missing file is named' gives 2 'none.cc: cannot be read' check none.cc
echo '#error planted' >>tls.cc
check 'a file that does not compile is rejected' gives 2 'tls.cc: not compiled by ' check tls.cc
echo 'int nothing;' >empty.c
check 'a file without an adapter is rejected' \
	gives 2 'empty.c: no symbol rm_foreign_map' explore empty.c
check 'explore requires the sources of a library' \
	gives 2 'map.so: expected its sources' explore map.so
done_testing
