#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Tests .ci/deps with a fake apt-get, sudo and id: packages, permissions and errors.
. tests/tools/tap.sh
deps=$PWD/.ci/deps
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
make_fake() { # PROGRAM: makes a fake program; its script is on standard input
	{ echo '#!/bin/sh'; cat; } >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}
make_fake id <<END
cat '$dir/uid'
END
# As on Debian, sudo clears the environment. `sudo -n` succeeds only if the file no-password exists.
make_fake sudo <<END
[ "\$1" = -n ] && [ -e '$dir/no-password' ] || exit 1
shift
exec env -i PATH="$dir/bin:\$PATH" SUDO=yes "\$@"
END
make_fake apt-get <<END
echo "\$* \${DEBIAN_FRONTEND-asks}\${SUDO:+ by sudo}" >>'$dir/calls'
END
# The fake dpkg-query reports that all packages are installed, except those that are only wanted.
wanted=$(awk '/^#/ { next } $3 == "needed" { needed[$2] } $3 == "wanted" { wanted[$2] }
	END { for (p in wanted) if (!(p in needed)) printf "%s%s", n++ ? " | " : "", p }' .ci/packages)
make_fake dpkg-query <<END
[ ! -e '$dir/bare' ] || exit 1
shift 2
for package; do case \$package in $wanted) ;; *) echo "\$package install ok installed" ;; esac; done
END
deps() { (cd "$dir" && PATH=$dir/bin:$PATH "$deps" "$@") >"$dir/out" 2>&1; } # GROUP...
count_requests() { grep -c . "$dir/calls"; }
# refuses REASON GROUP...: status 2, prints the command, and installs nothing.
refuses() {
	reason=$1; shift
	: >"$dir/calls"
	deps "$@"
	[ $? = 2 ] && contains "$dir/out" "$reason. Run:" && [ ! -s "$dir/calls" ] &&
		grep -q '^  sudo apt-get install --no-install-recommends gcc .* likwid ' "$dir/out"
}

echo 1000 >"$dir/uid"
: >"$dir/no-password"
: >"$dir/calls"
deps build
check "apt-get asks no question, also under sudo" sh -c \
	"grep -q '^install .* noninteractive by sudo' '$dir/calls' && ! grep -q '^install .* asks' '$dir/calls'"
check "one line names the missing packages" grep -q '^deps: installing .*likwid.* (log: build/deps.log)$' "$dir/out"
deps build test
before=$(count_requests)
deps build
deps build test
check "an unavailable package is requested once, even if several groups list it" \
	[ "$(count_requests)" = "$before" ]
rm "$dir/no-password" "$dir/build/deps-given-up"
check "without permission to install, wanted packages are left out" deps build
check "the packages that are left out are listed" contains "$dir/out" "likwid"
: >"$dir/bare"
check "without permission a missing needed package is an error with the command" refuses \
	"this user is not root and has no sudo without a password" build
echo 0 >"$dir/uid"
DEPS=no
export DEPS
check "DEPS=no forbids root to install" refuses "DEPS=no forbids their installation" build test
check "DEPS=no is an option of make, too" \
	eval '! PATH=$dir/bin:$PATH BENCH_DRY=1 make -s bench DEPS=no >"$dir/out" 2>&1 && contains "$dir/out" "DEPS=no forbids"'
DEPS=0
check "a DEPS other than yes and no is rejected" \
	eval '! deps build && contains "$dir/out" "DEPS=0: expected yes or no"'
unset DEPS
: >"$dir/calls"
deps build
check "root needs no sudo, and needed packages are installed again" sh -c \
	"grep -q '^install .* gcc .*noninteractive$' '$dir/calls' && ! grep -q sudo '$dir/calls'"

# Tests .ci/unpack in a tree of its own.
mkdir -p "$dir/tree/.ci" "$dir/tree/impls/go"
cp "${deps%deps}unpack" "$dir/tree/.ci"
cp impls/go/find_go.sh "$dir/tree/impls/go"
echo 'build golang-1.99-go unpacked' >"$dir/tree/.ci/packages"
unpack() { PATH=$dir/bin:$PATH "$dir/tree/.ci/unpack" build >"$dir/out" 2>&1; }
echo 'Package: x
Version: 1
Architecture: all
Maintainer: x' >"$dir/control"
make_fake apt-get <<END
echo "\$*" >>'$dir/calls'
[ ! -e '$dir/offline' ] || exit 1
[ "\$1" = download ] || exit 0
mkdir -p '$dir/deb/DEBIAN' '$dir/deb/usr/lib/go-1.99/bin'
cp '$dir/control' '$dir/deb/DEBIAN'
echo go1.99.1 >'$dir/deb/usr/lib/go-1.99/VERSION'
install /bin/true '$dir/deb/usr/lib/go-1.99/bin/go'
dpkg-deb -b '$dir/deb' x.deb
END
: >"$dir/calls" >"$dir/offline"
DEPS=no unpack
check "DEPS=no forbids the download of a newer Go" [ ! -s "$dir/calls" ]
check "a build continues if the archive cannot be reached" unpack
check "one line lists what is left out" [ "$(grep -c 'cannot be reached.*left out: golang-1.99-go$' "$dir/out")" = 1 ]
: >"$dir/calls"
unpack
check "the download is tried only once" [ ! -s "$dir/calls" ]
rm "$dir/offline" "$dir/tree/build/deps-given-up"
unpack
check "the newest Go of the archive is unpacked with its library, and make finds it" \
	eval '"$dir/tree/impls/go/find_go.sh" newest | grep -q "build/peers/golang-1.99-go/.* 1.99.1$" &&
		contains "$dir/calls" "golang-1.99-go golang-1.99-src"'
: >"$dir/calls"
unpack
check "a second call downloads nothing" [ ! -s "$dir/calls" ]
echo 'build dpkg/forky unpacked' >"$dir/tree/.ci/packages"
unpack
check "a package of a newer release is unpacked even if it is installed" eval \
	'[ -d "$dir/tree/build/peers/dpkg/usr" ] && contains "$dir/calls" "download -q dpkg/forky"'
: >"$dir/calls"
unpack
check "this package is unpacked only once" [ ! -s "$dir/calls" ]
done_testing
