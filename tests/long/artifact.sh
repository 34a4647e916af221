#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# artifact.sh BUILD [CAMPAIGN...] - tests artifacts on a fresh system, and damaged artifacts. This
# is the long form of tests/report/test_artifact.py.
#
#   1 packs an artifact of the campaigns twice (default: a smoke run of four maps): same bytes
#   2 flips FLIPS (500) random bits of the folder, and of the file: all are found
#   3 makes a fresh Debian root (debootstrap) with the listed versions of group artifact; without
#     network: the same pages, byte for byte; then group build: `make kick`, verify-artifact
#
# Needs root, a Debian mirror and debootstrap. ROOT=DIR keeps and reuses the root; PARTS='1 3'
# selects parts.
. tests/tools/tap.sh
build=$(realpath "$1"); shift
readmostly=$build/readmostly flips=${FLIPS:-500} parts=" ${PARTS:-1 2 3} "
python=$(report/find_python.sh) || exit 3
work=$(mktemp -d /tmp/artifact-test-XXXXXX) || exit 3
root=${ROOT:-$work/root}
trap 'rm -rf "$work"' EXIT
begun=$SECONDS
stage() { echo "# $1: $((SECONDS - begun)) s"; begun=$SECONDS; }
wanted() { [[ $parts == *" $1 "* ]]; }
refuse() { echo "artifact-test: $1" >&2; exit 2; }

if [ $# = 0 ]; then
	"$readmostly" run --mode smoke --maps gomap_rw,syncmap,shard_seg,null_map \
		--busy-ok -o "$work/measured" >"$work/run.log" 2>&1
	set -- "$work/measured"
	stage "a campaign"
fi
pack() { DIRTY=${DIRTY:-} BUILD=$build runner/artifact.sh "$@" >"$work/said" 2>&1 || { cat "$work/said" >&2; return 1; }; }
check "the artifact is packed" pack "$work/1.tar.gz" "$@"
sed 's/^/# /' "$work/said"
stage packing
if wanted 1; then
	check "the artifact is packed again" pack "$work/2.tar.gz" "$@"
	check "equal inputs give equal bytes" cmp "$work/1.tar.gz" "$work/2.tar.gz"
	stage "packing again"
fi
mkdir "$work/u" && tar -C "$work/u" -xzf "$work/1.tar.gz"
check "verify-artifact accepts the file" "$readmostly" dev verify-artifact "$work/1.tar.gz"

if wanted 2; then
	for what in "$work/u/artifact" "$work/1.tar.gz"; do
		check "each flipped bit of ${what##*/} is found" \
			"$python" tests/long/artifact_flips.py "$readmostly" "$what" "$flips"
		stage "$flips flips of ${what##*/}"
	done
fi

# ---- elsewhere --------------------------------------------------------------

packages=$work/u/artifact/environment/packages.tsv
listed() { # GROUP: prints package=version for installed packages
	awk -F '\t' -v g="$1" '$1 == g && $4 != "-" { print $2 "=" $4 }' "$packages"
}
inside() { # COMMAND...: runs it in the Debian root, as user root
	unshare -m chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin \
		HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}
cut() { # COMMAND...: runs it in the Debian root without network, but with /proc and /sys
	unshare -n -m -p -f sh -c 'mount -t proc proc "$0/proc" && mount -t sysfs sysfs "$0/sys" && exec chroot "$0" "$@"' \
		"$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 "$@"
}
make_root() {
	[ -d "$root/var/lib/dpkg" ] || debootstrap --variant=minbase "$release" "$root" "$mirror" >"$work/root.log" 2>&1 || return
	printf 'deb %s %s main\n' "$mirror" "$release" "$mirror" "$release-updates" \
		"$mirror-security" "$release-security" >"$root/etc/apt/sources.list"
	cp /etc/resolv.conf "$root/etc/resolv.conf"
	inside apt-get update -q >>"$work/root.log" 2>&1
}
install() { # GROUP: installs listed versions, or reports which are unavailable
	for package in $(listed "$1"); do
		inside apt-get install -q -y --no-install-recommends --allow-downgrades "$package" >>"$work/root.log" 2>&1 && continue
		echo "# not available: $package"
		inside apt-get install -q -y --no-install-recommends "${package%%=*}" >>"$work/root.log" 2>&1 || return
	done
}

if wanted 3; then
	[ "$(id -u)" = 0 ] || refuse "PARTS=3 needs root"
	command -v debootstrap >/dev/null || refuse "PARTS=3 needs debootstrap: apt-get install debootstrap"
	release=$(. /etc/os-release; echo "$VERSION_CODENAME")
	mirror=${MIRROR:-http://deb.debian.org/debian}
	check "a Debian root is made" make_root
	stage "a root"
	check "the root has the packages of group artifact" install artifact
	stage "packages to make pages again"
	rm -rf "$root/a" && mkdir "$root/a" && tar -C "$root/a" -xzf "$work/1.tar.gz"
	check "there is no network" [ -z "$(cut sh -c 'ls /sys/class/net' | grep -v '^lo$')" ]
	check "every file has its packed contents" cut make -C /a/artifact verify
	check "every page, table and verdict has the same bytes" cut make -C /a/artifact rebuild
	stage "verify and rebuild"
	check "the root has the packages of group build" install build
	stage "packages to build"
	check "kick builds and measures" cut make -C /a/artifact kick
	stage kick
	cp "$work/1.tar.gz" "$root/a/" &&
		check "the program that kick built verifies the file" cut \
			sh -c 'cd /a/artifact-work/sources && build/gcc/artifact/readmostly dev verify-artifact /a/1.tar.gz'
	check "the artifact is unchanged after these steps" cut make -C /a/artifact verify
	stage "verify-artifact there"
fi
done_testing
