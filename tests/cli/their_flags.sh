#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# What a map of another project is compiled with (IMPL_FLAGS): paths into its
# repository are those of each arm's own tree, or base is built with head's
# headers.
. tests/tools/tap.sh
gate="the test"
. runner/regress_refs.sh
of() { # REPO FLAGS: those of an arm
	repo=$1 IMPL_FLAGS=$2 flags_of /arm/tree
}
same() { # EXPECTED GOT
	[ "$1" = "$2" ] || { echo "# expected $1, got $2"; return 1; }
}
check "a folder of headers is the arm's" same '-I/arm/tree/include -O2' "$(of /their/repo '-I/their/repo/include -O2')"
check "and so is the repository itself" same '-I/arm/tree -I/arm/tree' "$(of /their/repo '-I/their/repo -I/their/repo')"
check "another folder that begins like it is not" same '-I/their/repository' "$(of /their/repo '-I/their/repository')"
check "a path is no expression" same '-I/arm/tree/i -I/a-b|[c/i' "$(of '/a.b|[c' '-I/a.b|[c/i -I/a-b|[c/i')"
check "no flags are none" same '' "$(of /their/repo '')"
check "flags of other places stay" same '-O1 -DX=&' "$(of /their/repo '-O1 -DX=&')"
done_testing
