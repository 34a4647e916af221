#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# run.sh NAME [check|explore|confirm] [OPTION...] - repeats a verdict of README.md: unpacks the packages (.ci/unpack),
# compiles the adapter of this folder, and checks the map. `confirm` compiles and runs the program of the report
# NAME.md instead. Without NAME, it prints all names.
# shellcheck disable=SC2013,SC2046,SC2086 # the variables and lists hold words
# Status: 0 passed, 1 a fault, 2 usage, 3 not decided, others: the program's.
cd "$(dirname "$0")/../.." || exit
name=$1 tool=${2:-check} tools=build/verify/author
shift 2 2>/dev/null || shift $#
here=verify/found peers=$PWD/build/peers

# name, group of .ci/packages, source, flags
maps='
boost_flat       found-boost      boost.cc            -DBOOST_ALL_NO_EMBEDDED_GDB_SCRIPTS
boost_node       found-boost      boost.cc            -DBOOST_ALL_NO_EMBEDDED_GDB_SCRIPTS -DNODE
dashmap          found-rust       dashmap.rs          dashmap = "6"
jctools          found-jctools    History.java        org.jctools.maps.NonBlockingHashMap<>()
jctools_long     found-jctools    History.java        org.jctools.maps.NonBlockingHashMapLong<Long>()
eclipse          found-eclipse    History.java        org.eclipse.collections.impl.map.mutable.ConcurrentHashMap<>()
eclipse_unsafe   found-eclipse  History.java  org.eclipse.collections.impl.map.mutable.ConcurrentHashMapUnsafe<>()
libcuckoo        found-libcuckoo  libcuckoo.cc
orcaman          found-orcaman    orcaman.go
papaya           found-rust       papaya.rs           papaya = "0.2"
phmap            found-phmap      phmap.cc
scc_index        found-rust       scc_index.rs        scc = "3"
scc_map          found-rust       scc_map.rs          scc = "3"
sync_map         found-go         sync_map.go
urcu_lfht        found-urcu       -
xenium_michael   found-xenium     xenium_michael.cc
xenium_vyukov    found-xenium     xenium_vyukov.cc
xenium_hazard    found-xenium     xenium_vyukov.cc    -DHAZARD_POINTERS
xenium_iterator  found-xenium     xenium_vyukov.cc    -DHAZARD_POINTERS -DBY_ITERATOR
xenium_leak      found-xenium     xenium_vyukov.cc    -DHAZARD_POINTERS -DLEAK
xsync            found-xsync      xsync.go
'
read -r _ group source flags <<<"$(awk -v name="${name%%-*}" '$1 == name' <<<"$maps")"
[ -n "$group" ] || { awk 'NF { print $1 }' <<<"$maps"; exit 2; }
.ci/unpack "$group" >&2
[ -x $tools/readmostly-check ] || make -s -C verify || exit 3
[ -x build/verify/readmostly-history ] || exit 3
for package in $(awk -v group="$group" '$1 == group { sub("/.*", "", $2); print $2 }' .ci/packages); do
	zcat -f "$peers/$package/usr/share/doc/$package/changelog.Debian.gz" 2>/dev/null | sed -n 's/) .*/)/p;q'
	CPPFLAGS+=" -I$peers/$package/usr/include"
done
work=$(mktemp -d) && trap 'rm -rf "$work"' EXIT
export CPPFLAGS CXXFLAGS="-std=c++17 $CXXFLAGS"

# A cargo project with the crates of the group, and no network. FILE: its source; no output.
build_crate() { # FILE TYPE
	mkdir "$work/registry" && ln -s "$peers"/librust-*/usr/share/cargo/registry/* "$work/registry"
	cat >"$work/Cargo.toml" <<-END
		[package]
		name = "found"
		version = "0.0.0"
		edition = "2021"
		[$2]
		name = "found"
		path = "$(realpath "$1")"
		$([ "$2" != lib ] || echo 'crate-type = ["cdylib"]')
		[dependencies]
		$flags
		[profile.release]
		panic = "abort"
	END
	READMOSTLY_RS=$PWD/$tools/readmostly.rs CARGO_HOME=$work/home CARGO_TARGET_DIR=$work/target cargo build --quiet \
		--release --offline --manifest-path "$work/Cargo.toml" --config 'source.crates-io.replace-with="debian"' \
		--config "source.debian.directory='$work/registry'"
}

# Records histories until one is not linearizable.
judge() { # RECORDER...
	for i in {1..5}; do
		(cd "$work" && "$@" >/dev/null) || exit 3
		$tools/readmostly-check --history "$work/history.jsonl" >"$work/verdict"
		status=$?
		[ $status = 0 ] || break
	done
	cat "$work/verdict"
	echo "history $i of 5"
}

# The recorder of examples/go with the map of this folder, run by the newest Go.
record_go() {
	go=$(impls/go/find_go.sh newest | cut -d ' ' -f 1)
	sed 's/&lockedMap{entries: map\[uint64\]uint64{}}/newFound()/; s/m \*lockedMap, thread/m *found, thread/' \
		examples/go/history_test.go >"$work/history_test.go"
	cp $here/"$source" "$work"
	impls/go/libraries.sh $(find "$peers"/golang-github-*/ -path "*/$name/*" -name go.mod -printf '%h\n') >"$work/go.mod"
	export GOROOT='' GOTOOLCHAIN=local GOFLAGS=-mod=mod GOPROXY=off GOPATH=$work/go
	(cd "$work" && "$go" test -c -o recorder .) && judge ./recorder
}
# The recorder of examples/java with another map.
record_java() {
	sed "s/new ConcurrentHashMap<>()/new $flags/" examples/java/History.java >"$work/History.java"
	jars=$(printf ':%s' "$peers"/lib*-java/usr/share/java/*.jar)
	javac -cp "$jars" -d "$work" "$work/History.java" && judge java -cp "$work$jars" History
}

# The program of the report NAME.md. A C++ program states its flags after the fence.
confirm() {
	read -r language options <<<"$(sed -n 's/^```\([a-z]\)/\1/p' "$here/$name.md")"
	sed '1,/^```[a-z]/d; /^```$/,$d' "$here/$name.md" >"$work/Twice.java"
	case $language in
	cpp) ${CXX:-c++} -std=c++17 -O2 -g $CPPFLAGS -pthread -x c++ -o "$work/program" "$work/Twice.java" $options ;;
	java) cd "$work" && exec java -cp "$(printf '%s:' "$peers"/lib*-java/usr/share/java/*.jar)" Twice.java ;;
	rust)
		cp "$work/Twice.java" "$work/main.rs" && build_crate "$work/main.rs" '[bin]' &&
			mv "$work/target/release/found" "$work/program" ;;
	esac && timeout 120 "$work/program"
}

[ "$tool" != confirm ] || { confirm; exit; }
case $source in
*.cc) CXXFLAGS+=" $flags" $tools/readmostly-"$tool" $here/"$source" "$@" ;;
*.rs) build_crate $here/"$source" lib && $tools/readmostly-"$tool" "$work"/target/release/libfound.so "$@" ;;
*.go) record_go; exit "$status" ;;
*.java) record_java; exit "$status" ;;
esac
