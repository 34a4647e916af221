#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# build.sh SOURCES PROGRAM [CRATE...] - builds readmostly-rust with these of the
# crates that maps are of. cargo asks no network: crates are Debian's packages. A
# copy of Cargo.toml lacks what is not here, since cargo wants even those crates
# that it does not use. CARGO_TARGET_DIR, RUST_VERSION: of whoever calls.
set -e
sources=$1 program=$2
shift 2
folder=$program.cargo
mkdir -p "$folder"
cp "$sources"/*.rs "$folder"
awk -v here=" $* " '/optional = true/ && !index(here, " " $1 " ") { next } 1' \
	"$sources/Cargo.toml" >"$folder/Cargo.toml"
export CARGO_HOME="$CARGO_TARGET_DIR/home"
cargo build --quiet --release --offline --features "$*" \
	--manifest-path "$folder/Cargo.toml" \
	--config 'source.crates-io.replace-with="debian"' \
	--config 'source.debian.directory="/usr/share/cargo/registry"'
cp "$CARGO_TARGET_DIR/release/readmostly-rust" "$program.new"
mv "$program.new" "$program"
