#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# install.sh ROOT - `make install`: copies the suite below ROOT (DESTDIR and PREFIX). It installs the maps that the
# modes smoke, quick, standard and full measure, with their programs for check and explore. ROOT/lib/readmostly has a
# part of the source tree next to the programs, which find it there (rm_host_shared_path), so ROOT can be moved.
# shellcheck disable=SC2046 # words
. runner/base/environment.sh
. runner/programs.sh
set -e
root=$1 home=$1/lib/readmostly doc=$1/share/doc/readmostly all=
for mode in smoke quick standard full; do
	needs_of --mode $mode
	all+=$needs$'\n'
done
needs=$all
needs+=$(printf 'check/%s\n' library $(needed plain))$'\n'
needs+=$(printf 'explore/%s\n' library $(needed sim))
needs=$(sort -u <<<"$needs" | grep -vE '^(sim|check|explore)/(go_|$)') # programs in Go run only trials
build_needed

copy() { # TO FILE...: with their folders
	mkdir -p "$1"
	cp --parents --preserve=mode -t "$@"
}
rm -rf "$home" "$doc"
(cd "$build" && copy "$home" $(find readmostly* -maxdepth 0 -perm -u+x) maps/names.tsv &&
	cp -r author "$home")
for program in $needs; do
	file=maps/$program
	(cd "$build" && cp --parents -P --preserve=mode -t "$home" "$file" $(ls -d "$file.json" "$file.no" \
		maps/"${program%/*}"/lib*.so 2>/dev/null))
done
copy "$home" docs/*.schema.json docs/articles/figures.tsv docs/reference/claims.md impls/*/*.c impls/*/*.cc \
	$(find report workloads -type f ! -name '*.pyc')
copy "$doc" README.md ARCHITECTURE.md CONTRIBUTING.md CHANGELOG.md CITATION.cff LICENSE LICENSES/* results/README.md \
	$(find docs examples -type f ! -name '*.schema.json')
mkdir -p "$root/bin"
ln -sf ../lib/readmostly/{readmostly,author/readmostly-{check,explore}} "$root/bin"
# For builds of other projects: pkg-config --cflags readmostly, --variable=rust readmostly
install -D -m 644 -t "$root/include" runner/readmostly.h
mkdir -p "$root/share/pkgconfig"
cat >"$root/share/pkgconfig/readmostly.pc" <<END
prefix=\${pcfiledir}/../..
rust=\${prefix}/lib/readmostly/author/readmostly.rs
Name: readmostly
Description: checks of concurrent maps
Version: $(sed -n 's/^.define RM_VERSION "\(.*\)"/\1/p' runner/base/build_info.h)
Cflags: -I\${prefix}/include
END
if command -v help2man >/dev/null; then
	rm -rf "$build/man"
	runner/manual.sh "$build/readmostly" "$build/man"
	install -D -m 644 -t "$root/share/man/man1" "$build"/man/*.1
	install -D -m 644 "$build/man/readmostly.bash" "$root/share/bash-completion/completions/readmostly"
else
	echo "install: no man pages and completion: help2man is missing. Try: apt-get install help2man" >&2
fi
echo "installed: $root/bin/readmostly ($(needed plain | wc -w) maps)"
