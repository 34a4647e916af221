#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# .ci/deps on a machine that is played: what it installs, and as whom.
. tests/tools/tap.sh
deps=$PWD/.ci/deps
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
play() { # PROGRAM: by the script on standard input
	{ echo '#!/bin/sh'; cat; } >"$dir/bin/$1"
	chmod +x "$dir/bin/$1"
}
play id <<'END'
echo 1000
END
# As Debian has it: env_reset.
play sudo <<END
exec env -i PATH="$dir/bin:\$PATH" "\$@"
END
play apt-get <<END
echo "\$1 \${DEBIAN_FRONTEND-asks}" >>'$dir/asked'
END
# All is there that is needed, and nothing else.
wanted=$(awk '/^#/ { next } $3 == "needed" { needed[$2] } $3 == "wanted" { wanted[$2] }
	END { for (p in wanted) if (!(p in needed)) printf "%s%s", n++ ? " | " : "", p }' .ci/packages)
play dpkg-query <<END
case \$3 in $wanted) exit 1 ;; esac
[ ! -e '$dir/bare' ] || exit 1
echo install ok installed
END
deps() { (cd "$dir" && PATH=$dir/bin:$PATH "$deps" "$@") >"$dir/out" 2>&1; } # GROUP...
asked() { grep -c . "$dir/asked"; }

deps build
check "by sudo, too, no package asks a question" sh -c \
	"grep -q '^install noninteractive' '$dir/asked' && ! grep -q '^install asks' '$dir/asked'"
deps build test
before=$(asked)
deps build
deps build test
check "what could not be had is asked for once, whichever groups" [ "$(asked)" = "$before" ]
: >"$dir/bare"
deps build
check "what is needed is asked for again" [ "$(asked)" -gt "$before" ]
done_testing
