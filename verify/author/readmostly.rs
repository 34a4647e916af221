// SPDX-License-Identifier: Apache-2.0
// readmostly.rs - the declarations of readmostly.h for a map in Rust, without a crate. Include it in an adapter,
// which is a cdylib:
//
//     include!(env!("READMOSTLY_RS"));
//     impl Map for MyMap { ... }
//     readmostly_map!(MyMap, "my map", "none", "blocking");
//
// `readmostly check adapter.rs` sets READMOSTLY_RS; with cargo, `pkg-config --variable=rust readmostly` prints it.
// Optional functions come last: readmostly_map!(..., length: Some(my_length), scan: Some(my_scan)).
use std::os::raw::{c_char, c_int, c_void};

/// A map of 64-bit keys and values. Each operation returns the value that was present before. A
/// panic ends the process.
pub trait Map: Sync + Sized {
    fn new(expected_keys: usize) -> Self;
    fn lookup(&self, key: u64) -> Option<u64>;
    fn upsert(&self, key: u64, value: u64) -> Option<u64>;
    fn remove(&self, key: u64) -> Option<u64>;
}

#[repr(C)]
pub struct Key {
    word: u64,
    bytes: *const c_char,
    length: usize,
}

pub type Handle = *mut c_void; // the map
pub type Visit = extern "C" fn(*mut c_void, *const Key, u64) -> c_int;

/// The table of readmostly.h, which describes each member.
#[repr(C)]
pub struct ForeignMap {
    version: u32,
    size: u32,
    name: *const c_char,
    keys: u32,
    flags: u32,
    guarantees: *const c_char,
    progress: *const c_char,
    create: extern "C" fn(u32, usize, usize, u64) -> Handle,
    destroy: extern "C" fn(Handle),
    lookup: extern "C" fn(Handle, &Key, &mut u64) -> c_int,
    upsert: extern "C" fn(Handle, &Key, u64, Option<&mut u64>) -> c_int,
    remove: extern "C" fn(Handle, &Key, Option<&mut u64>) -> c_int,
    join: Option<extern "C" fn(Handle, usize) -> Handle>,
    leave: Option<extern "C" fn(Handle)>,
    quiesce: Option<extern "C" fn(Handle)>,
    insert_if_absent: Option<extern "C" fn(Handle, &Key, u64, &mut u64) -> c_int>,
    compare_swap: Option<extern "C" fn(Handle, &Key, u64, u64) -> c_int>,
    compare_remove: Option<extern "C" fn(Handle, &Key, u64) -> c_int>,
    scan: Option<extern "C" fn(Handle, Visit, *mut c_void)>,
    length: Option<extern "C" fn(Handle) -> usize>,
    clear: Option<extern "C" fn(Handle)>,
}

// SAFETY: it holds constant texts and functions.
unsafe impl Sync for ForeignMap {}

/// Returns the map of a handle.
pub fn of<'a, M: Map>(handle: Handle) -> &'a M {
    // SAFETY: create() returned it, and destroy() has not been called.
    unsafe { &*handle.cast::<M>() }
}

fn give(value: Option<u64>, to: Option<&mut u64>) -> c_int {
    if let (Some(to), Some(value)) = (to, value) {
        *to = value;
    }
    c_int::from(value.is_some())
}

extern "C" fn create<M: Map>(_kind: u32, keys: usize, _threads: usize, _seed: u64) -> Handle {
    Box::into_raw(Box::new(M::new(keys))).cast()
}
extern "C" fn destroy<M: Map>(map: Handle) {
    // SAFETY: created by create(), destroyed once.
    drop(unsafe { Box::from_raw(map.cast::<M>()) });
}
extern "C" fn lookup<M: Map>(map: Handle, key: &Key, value: &mut u64) -> c_int {
    give(of::<M>(map).lookup(key.word), Some(value))
}
extern "C" fn upsert<M: Map>(map: Handle, key: &Key, value: u64, old: Option<&mut u64>) -> c_int {
    give(of::<M>(map).upsert(key.word, value), old)
}
extern "C" fn remove<M: Map>(map: Handle, key: &Key, old: Option<&mut u64>) -> c_int {
    give(of::<M>(map).remove(key.word), old)
}

/// Exports the table of operations. Arguments: the type, its name, the guarantees of scan and length, the promised
/// progress, and optional functions.
macro_rules! readmostly_map {
    ($map:ty, $name:literal, $guarantees:literal, $progress:literal $(, $member:ident: $function:expr)*) => {
        #[no_mangle]
        #[allow(non_upper_case_globals)]
        pub static rm_foreign_map: ForeignMap = {
            #[allow(unused_mut)]
            let mut table = ForeignMap {
                version: 1,
                size: std::mem::size_of::<ForeignMap>() as u32,
                name: concat!($name, "\0").as_ptr().cast(),
                keys: 1, // 64-bit integers
                flags: 0,
                guarantees: concat!($guarantees, "\0").as_ptr().cast(),
                progress: concat!($progress, "\0").as_ptr().cast(),
                create: create::<$map>,
                destroy: destroy::<$map>,
                lookup: lookup::<$map>,
                upsert: upsert::<$map>,
                remove: remove::<$map>,
                join: None, leave: None, quiesce: None, insert_if_absent: None, compare_swap: None,
                compare_remove: None, scan: None, length: None, clear: None,
            };
            $(table.$member = $function;)*
            table
        };
    };
}
