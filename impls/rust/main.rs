// SPDX-License-Identifier: Apache-2.0
//! Readmostly-rust measures Rust's maps through the trial protocol
//! (docs/reference/trial-protocol.md). The measured loop is the same as in runner/driver.h, with
//! the same generator, keys, order of operations and checks. maps.tsv describes the maps;
//! docs/adr/0027 has the rules for all languages.

// Cargo.toml omits the features of missing crates, so their names are unexpected. Older compilers
// do not know the lint.
#![allow(unknown_lints, unexpected_cfgs)]

mod judge;
mod keys;
mod request;
mod result;
#[cfg(feature = "arc-swap")]
mod rust_arc_swap;
#[cfg(feature = "concread")]
mod rust_concread;
#[cfg(feature = "dashmap")]
mod rust_dashmap;
#[cfg(feature = "dashmap-new")]
mod rust_dashmap_new;
mod rust_null;
#[cfg(feature = "papaya")]
mod rust_papaya;
#[cfg(feature = "papaya")]
mod rust_papaya_pinned;
mod rust_rwlock;
#[cfg(feature = "scc")]
mod rust_scc;
#[cfg(feature = "scc")]
mod rust_scc_index;
mod skew;
mod stream;
mod table;
mod team;
mod trial;
mod usage;
mod worker;

use request::Request;
use std::io::{Read, Write};
use std::process::exit;
use std::time::Duration;

const USAGE: &str = "usage: readmostly-rust COMMAND <request

  trial     runs one cell: a request on standard input, a result on standard output
  sequence  prints a digest of the first window_ops operations of the request
";

/// Trials started by hand have no other watchdog for the deadline.
fn watch(deadline_ns: u64) {
    let end = Duration::from_nanos(deadline_ns) + Duration::from_secs(1);
    std::thread::spawn(move || {
        std::thread::sleep(end);
        exit(3);
    });
}

fn run(command: &str) -> Result<String, String> {
    let mut text = String::new();
    let read = std::io::stdin().read_to_string(&mut text);
    let request = match read {
        Ok(_) => Request::read(&text)?,
        Err(error) => return Err(error.to_string()),
    };

    if command == "sequence" {
        return Ok(trial::sequence(&request));
    }
    watch(request.cell.deadline_ns);
    Ok(trial::trial(&request))
}

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();

    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [command @ ("trial" | "sequence")] => match run(command) {
            Ok(line) => {
                if writeln!(std::io::stdout(), "{line}").is_err() {
                    exit(3);
                }
            }
            Err(why) => {
                eprintln!("request: {why}");
                exit(2);
            }
        },
        _ => {
            eprint!("{USAGE}");
            exit(2);
        }
    }
}
