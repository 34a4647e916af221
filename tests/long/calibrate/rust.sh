#!/bin/bash -p
# SPDX-License-Identifier: Apache-2.0
# rust.sh BENCHMARK PROGRAM [SED...] - builds a benchmark of papaya or scc, edited by these arguments
# of sed. It uses criterion.rs instead of criterion, and the crates of readmostly-rust-new.
set -e
here=$(dirname "$(realpath "$0")") root=$(realpath "$(dirname "$0")/../../..") from=$1 program=$2 folder=$2.cargo
shift 2
rm -rf "$folder"
mkdir -p "$folder/criterion"
cp "$here/criterion.rs" "$folder/criterion/lib.rs"
cp "$root/impls/rust/keys.rs" "$folder/criterion"
sed -e 's/time::{Duration, Instant}/time::Duration/' -e 's/, time::Instant}/}/' \
	-e '1iuse criterion::*;' "$@" "$from" >"$folder/main.rs"
cat >"$folder/criterion/Cargo.toml" <<END
[package]
name = "criterion"
version = "0.5.0"
edition = "2024"
[lib]
path = "lib.rs"
[dependencies]
libc = "0.2"
END
cat >"$folder/Cargo.toml" <<END
[package]
name = "calibrate"
version = "0.0.0"
edition = "2021"
[[bin]]
name = "calibrate"
path = "main.rs"
[dependencies]
criterion = { path = "criterion" }
dashmap = "6"
papaya = "0.2"
scc = "3"
seize = "0.5"
[profile.release]
panic = "abort"
END
export CARGO_HOME="$root/build/calibrate/cargo" CARGO_TARGET_DIR="$root/build/calibrate/cargo"
cargo build --quiet --release --offline --manifest-path "$folder/Cargo.toml" \
	--config 'source.crates-io.replace-with="debian"' \
	--config "source.debian.directory='$root/build/gcc/readmostly-rust-new.cargo/registry'"
cp "$CARGO_TARGET_DIR/release/calibrate" "$program"
