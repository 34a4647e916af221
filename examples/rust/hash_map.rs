// SPDX-License-Identifier: Apache-2.0
//! hash_map.rs - std's RwLock<HashMap>, as a library that `readmostly check`
//! can load. No crates: `rustc --crate-type cdylib`.
use std::collections::HashMap;
use std::hash::Hash;
use std::os::raw::{c_char, c_int, c_void};
use std::sync::RwLock;

// The declarations of runner/foreign.h, member by member.
const VERSION: u32 = 1;
const U64: u32 = 1;
const STR: u32 = 2;

#[repr(C)]
pub struct Key {
    word: u64,
    bytes: *const c_char,
    length: usize,
}

type Visit = extern "C" fn(context: *mut c_void, key: *const Key, value: u64) -> c_int;
type Handle = *const c_void;

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
    destroy: extern "C" fn(*mut c_void),
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

// SAFETY: constant texts and functions.
unsafe impl Sync for ForeignMap {}

/// Owned keys of one kind, made from and shown as the C struct.
trait Own: Hash + Eq {
    fn own(key: &Key) -> Self;
    fn show(&self) -> Key;
}

impl Own for u64 {
    fn own(key: &Key) -> Self {
        key.word
    }
    fn show(&self) -> Key {
        Key { word: *self, bytes: std::ptr::null(), length: 0 }
    }
}

impl Own for Box<[u8]> {
    fn own(key: &Key) -> Self {
        if key.length == 0 {
            return Box::default();
        }
        // SAFETY: the caller's bytes are valid during the call.
        unsafe { std::slice::from_raw_parts(key.bytes.cast(), key.length) }.into()
    }
    fn show(&self) -> Key {
        Key { word: 0, bytes: self.as_ptr().cast(), length: self.len() }
    }
}

enum Map {
    Words(RwLock<HashMap<u64, u64>>),
    Strings(RwLock<HashMap<Box<[u8]>, u64>>),
}

/// Runs `$body` with `$map` as the lock of either kind.
macro_rules! with {
    ($handle:expr, $map:ident, $body:expr) => {
        // SAFETY: create() returned it, and destroy() has not been called.
        match unsafe { &*$handle.cast::<Map>() } {
            Map::Words($map) => $body,
            Map::Strings($map) => $body,
        }
    };
}

fn give(to: Option<&mut u64>, value: Option<u64>) -> c_int {
    if let (Some(to), Some(value)) = (to, value) {
        *to = value;
    }
    c_int::from(value.is_some())
}

extern "C" fn create(kind: u32, expected_keys: usize, _threads: usize, _seed: u64) -> Handle {
    let map = if kind == STR {
        Map::Strings(RwLock::new(HashMap::with_capacity(expected_keys)))
    } else {
        Map::Words(RwLock::new(HashMap::with_capacity(expected_keys)))
    };
    Box::into_raw(Box::new(map)) as Handle
}

extern "C" fn destroy(map: *mut c_void) {
    // SAFETY: created by create(), destroyed once.
    drop(unsafe { Box::from_raw(map.cast::<Map>()) });
}

fn find<K: Own>(map: &RwLock<HashMap<K, u64>>, key: &Key) -> Option<u64> {
    let key = K::own(key);
    map.read().unwrap().get(&key).copied()
}

extern "C" fn lookup(handle: Handle, key: &Key, value: &mut u64) -> c_int {
    with!(handle, map, give(Some(value), find(map, key)))
}

extern "C" fn upsert(handle: Handle, key: &Key, value: u64, old: Option<&mut u64>) -> c_int {
    with!(handle, map, give(old, map.write().unwrap().insert(Own::own(key), value)))
}

fn take<K: Own>(map: &RwLock<HashMap<K, u64>>, key: &Key) -> Option<u64> {
    let key = K::own(key);
    map.write().unwrap().remove(&key)
}

extern "C" fn remove(handle: Handle, key: &Key, old: Option<&mut u64>) -> c_int {
    with!(handle, map, give(old, take(map, key)))
}

fn insert_absent<K: Own>(map: &RwLock<HashMap<K, u64>>, key: &Key, value: u64) -> Option<u64> {
    let mut map = map.write().unwrap();
    let key = K::own(key);
    let present = map.get(&key).copied();
    if present.is_none() {
        map.insert(key, value);
    }
    present
}

extern "C" fn insert_if_absent(handle: Handle, key: &Key, value: u64, present: &mut u64) -> c_int {
    with!(handle, map, give(Some(present), insert_absent(map, key, value)))
}

/// Replaces `expected` by `value`, or removes it if `value` is None.
fn compare<K: Own>(
    map: &RwLock<HashMap<K, u64>>,
    key: &Key,
    expected: u64,
    value: Option<u64>,
) -> c_int {
    let mut map = map.write().unwrap();
    let key = K::own(key);
    if map.get(&key) != Some(&expected) {
        return 0;
    }
    match value {
        Some(value) => map.insert(key, value),
        None => map.remove(&key),
    };
    1
}

extern "C" fn compare_swap(handle: Handle, key: &Key, expected: u64, value: u64) -> c_int {
    with!(handle, map, compare(map, key, expected, Some(value)))
}

extern "C" fn compare_remove(handle: Handle, key: &Key, expected: u64) -> c_int {
    with!(handle, map, compare(map, key, expected, None))
}

extern "C" fn scan(handle: Handle, visit: Visit, context: *mut c_void) {
    with!(handle, map, {
        for (key, value) in map.read().unwrap().iter() {
            if visit(context, &key.show(), *value) == 0 {
                break;
            }
        }
    })
}

extern "C" fn length(handle: Handle) -> usize {
    with!(handle, map, map.read().unwrap().len())
}

extern "C" fn clear(handle: Handle) {
    with!(handle, map, map.write().unwrap().clear())
}

#[no_mangle]
#[allow(non_upper_case_globals)]
pub static rm_foreign_map: ForeignMap = ForeignMap {
    version: VERSION,
    size: std::mem::size_of::<ForeignMap>() as u32,
    name: b"Rust HashMap\0".as_ptr().cast(),
    keys: U64 | STR,
    flags: 0,
    guarantees: b"point-in-time\0".as_ptr().cast(),
    progress: b"blocking\0".as_ptr().cast(),
    create,
    destroy,
    lookup,
    upsert,
    remove,
    join: None,
    leave: None,
    quiesce: None,
    insert_if_absent: Some(insert_if_absent),
    compare_swap: Some(compare_swap),
    compare_remove: Some(compare_remove),
    scan: Some(scan),
    length: Some(length),
    clear: Some(clear),
};
