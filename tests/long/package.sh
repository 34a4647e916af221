#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# Tests the Debian package in empty Debian roots. In the first root, a plain user without network
# builds HEAD with only the packages of Build-Depends, and lintian accepts the package. In a second
# root with only its dependencies, the package passes debian/tests/smoke, checks two maps, and runs
# the smoke mode to its page. KEEP=FOLDER keeps the roots in FOLDER. TMPDIR needs 4 GB.
# slow: half an hour, mostly compilation.
# alone: the smoke mode measures.
. tests/tools/tap.sh
. /etc/os-release
left_out() { skip "the package builds and runs in empty roots" "$1"; done_testing; exit; }
[ "$(id -u)" = 0 ] || left_out "needs root"
command -v debootstrap >/dev/null || left_out "debootstrap is missing: apt-get install debootstrap"
dir=${KEEP:-$(mktemp -d)} log=build/package.log
[ -n "$KEEP" ] || trap 'rm -rf --one-file-system "$dir"' EXIT
mkdir -p build "$dir"
chmod 755 "$dir"
: >$log
debootstrap --variant=minbase "$VERSION_CODENAME" "$dir/run" >>$log 2>&1 ||
	left_out "debootstrap: no network or no mounts: $(tail -n 1 $log)"
cp -a "$dir/run" "$dir/build"

inside() { # build|run root|nobody COMMAND: runs it in this root as this user; only root has network access
	local offline=--
	[ "$2" = root ] || offline=--net
	echo "== $1, $2: $3" >>$log
	# shellcheck disable=SC2016 # expanded inside
	unshare --mount $offline sh -c 'for of in proc sys dev; do mount --rbind /$of "$0/$of"; done
		exec chroot --userspec="$1" "$0" env -i HOME=/nonexistent DEBIAN_FRONTEND=noninteractive \
			http_proxy="$http_proxy" PATH=/usr/sbin:/usr/bin:/sbin:/bin sh -ec "$2"' "$dir/$1" "$2" "$3" >>$log 2>&1 ||
		{ tail -n 12 $log | cut -c1-200 | sed 's/^/# /'; return 1; }
}
get='apt-get install -q -y --no-install-recommends'
unpack() { mkdir "$dir/build/src" && git archive --prefix=readmostly/ HEAD | tar -C "$dir/build/src" -x; }
check "the sources are unpacked" unpack
check "apt-get build-dep finds each package that the build needs" inside build root \
	'apt-get update -q && apt-get build-dep -q -y /src/readmostly && chown -R nobody /src'
check "a plain user builds the package without network" inside build nobody \
	'cd /src/readmostly && dpkg-buildpackage -us -uc -b'
check "lintian is installed" inside build root "$get lintian"
check "lintian reports neither errors nor warnings" inside build nobody 'cd /src && lintian --fail-on error,warning *.changes'
cp "$dir"/build/src/readmostly_*.deb debian/tests/smoke "$dir/run"
check "the package names each package that it needs" inside run root \
	"apt-get update -q && $get /readmostly_*.deb && "'! ldd /usr/lib/readmostly/maps/*/* 2>&1 | grep "not found"'
check "debian/tests/smoke passes" inside run nobody 'sh /smoke'
check "two maps pass all checks" inside run nobody 'readmostly check ck_ht; readmostly check gomap_rw'
# Status 3: on a busy machine, some cells have no result.
check "the smoke mode measures and writes its page" inside run nobody \
	'cd "$(mktemp -d)"; readmostly run --mode smoke --busy-ok --set repeat-most=0 || [ $? = 3 ]
	readmostly dev validate results/latest && test -s results/latest/report/index.html'
done_testing
