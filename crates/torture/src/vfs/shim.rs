//! The C side: a VFS that hands every call to the default one, after asking the watched disk.
//!
//! Safety: SQLite gives every callback the pointers it got from `open`, never after `close`, and never one file from
//! two threads at once. A file of this VFS is a [`File`] followed, in the same allocation, by the default VFS's own file.

use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::sync::{Arc, Once, OnceLock};

use rusqlite::ffi;

use super::disk::{Call, Disk, Fault, Verdict};
use super::image::Event;

/// What SQLite sees as an open file. The default VFS's file lies right behind it.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// A leaked `Box<Watched>`, or null when nobody watches.
    watched: *mut Watched,
}

struct Watched {
    disk: Arc<Disk>,
    number: u16,
}

/// The default VFS as it was before the shim became the default. It lives as long as the process.
struct Real(*mut ffi::sqlite3_vfs);
// SAFETY: SQLite itself uses a registered VFS from every thread.
unsafe impl Send for Real {}
// SAFETY: as above.
unsafe impl Sync for Real {}

static REAL: OnceLock<Real> = OnceLock::new();
static INSTALL: Once = Once::new();

/// Makes the shim the process's default VFS, once.
pub(super) fn install() {
    INSTALL.call_once(|| {
        // SAFETY: SQLite is initialised before a VFS is asked for; the VFS found is never unregistered, and the new one
        // is leaked, so both outlive every connection.
        unsafe {
            assert_eq!(ffi::sqlite3_initialize(), ffi::SQLITE_OK, "SQLite starts");
            let real = ffi::sqlite3_vfs_find(std::ptr::null());
            assert!(!real.is_null(), "SQLite has a default VFS");
            let size = c_int::try_from(size_of::<File>()).unwrap_or(c_int::MAX);
            let mut shim: ffi::sqlite3_vfs = std::ptr::read(real);
            shim.iVersion = 2;
            shim.szOsFile = size + (*real).szOsFile;
            shim.pNext = std::ptr::null_mut();
            shim.zName = c"torture".as_ptr();
            shim.xOpen = Some(open);
            shim.xDelete = Some(delete);
            shim.xAccess = Some(access);
            shim.xFullPathname = Some(full_pathname);
            shim.xDlOpen = None;
            shim.xDlError = None;
            shim.xDlSym = None;
            shim.xDlClose = None;
            shim.xRandomness = Some(randomness);
            shim.xSleep = Some(sleep);
            shim.xCurrentTime = None;
            shim.xCurrentTimeInt64 = Some(current_time);
            shim.xGetLastError = Some(last_error);
            REAL.get_or_init(|| Real(real));
            let shim = Box::leak(Box::new(shim));
            assert_eq!(ffi::sqlite3_vfs_register(shim, 1), ffi::SQLITE_OK, "the shim is taken");
        }
    });
}

fn real() -> *mut ffi::sqlite3_vfs {
    REAL.get().map_or(std::ptr::null_mut(), |real| real.0)
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    // Version 2: with a write-ahead log, without memory-mapped reading, which would pass the shim by.
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// The default VFS's file behind a file of the shim, and its methods.
unsafe fn behind(file: *mut ffi::sqlite3_file) -> (*mut ffi::sqlite3_file, &'static ffi::sqlite3_io_methods) {
    // SAFETY: see the head of this file; the methods of the default VFS are static.
    unsafe {
        let inner = file.cast::<File>().add(1).cast::<ffi::sqlite3_file>();
        (inner, &*(*inner).pMethods)
    }
}

unsafe fn watched<'f>(file: *mut ffi::sqlite3_file) -> Option<&'f Watched> {
    // SAFETY: the pointer is null or a leaked box that `close` alone frees.
    unsafe { (*file.cast::<File>()).watched.as_ref() }
}

unsafe fn judged(file: *mut ffi::sqlite3_file, call: Call) -> Verdict {
    // SAFETY: the caller got `file` from SQLite.
    unsafe { watched(file) }.map_or(Verdict::Pass, |watched| watched.disk.judge(call))
}

unsafe fn path<'p>(name: *const c_char) -> Option<&'p Path> {
    // SAFETY: SQLite's names end with a zero byte.
    (!name.is_null()).then(|| Path::new(OsStr::from_bytes(unsafe { CStr::from_ptr(name) }.to_bytes())))
}

unsafe extern "C" fn open(
    _: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives room for `szOsFile` bytes, which are a `File` and the default VFS's file.
    unsafe {
        let own = file.cast::<File>();
        (*own).base.pMethods = std::ptr::null();
        (*own).watched = std::ptr::null_mut();
        let disk = path(name).and_then(|path| Disk::of(path).map(|disk| (disk, path)));
        if let Some((disk, _)) = &disk
            && disk.judge(Call::Open) != Verdict::Pass
        {
            return ffi::SQLITE_CANTOPEN;
        }
        let inner = own.add(1).cast::<ffi::sqlite3_file>();
        (*inner).pMethods = std::ptr::null();
        let Some(call) = (*real()).xOpen else { return ffi::SQLITE_CANTOPEN };
        let outcome = call(real(), name, inner, flags, out_flags);
        if (*inner).pMethods.is_null() {
            return outcome;
        }
        if let Some((disk, path)) = disk {
            let number = disk.number_of(path);
            (*own).watched = Box::into_raw(Box::new(Watched { disk, number }));
        }
        (*own).base.pMethods = &METHODS;
        outcome
    }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: the last use of `file`; the box was leaked by `open` and is freed once.
    unsafe {
        let own = file.cast::<File>();
        if !(*own).watched.is_null() {
            drop(Box::from_raw((*own).watched));
            (*own).watched = std::ptr::null_mut();
        }
        let (inner, methods) = behind(file);
        methods.xClose.map_or(ffi::SQLITE_OK, |call| call(inner))
    }
}

unsafe extern "C" fn read(file: *mut ffi::sqlite3_file, to: *mut c_void, amount: c_int, at: i64) -> c_int {
    // SAFETY: `to` has room for `amount` bytes; zeros fill what a short read leaves, as SQLite asks.
    unsafe {
        let (inner, methods) = behind(file);
        let Some(call) = methods.xRead else { return ffi::SQLITE_IOERR_READ };
        match judged(file, Call::Read) {
            Verdict::Pass => call(inner, to, amount, at),
            Verdict::Fail(Fault::Short) => {
                let half = amount / 2;
                std::ptr::write_bytes(to.cast::<u8>(), 0, usize::try_from(amount).unwrap_or(0));
                match call(inner, to, half, at) {
                    ffi::SQLITE_OK => ffi::SQLITE_IOERR_READ,
                    other => other,
                }
            }
            Verdict::Fail(_) => ffi::SQLITE_IOERR_READ,
        }
    }
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    from: *const c_void,
    amount: c_int,
    at: i64,
) -> c_int {
    // SAFETY: `from` points to `amount` bytes.
    unsafe {
        let (inner, methods) = behind(file);
        let Some(call) = methods.xWrite else { return ffi::SQLITE_IOERR_WRITE };
        let (amount, failure) = match judged(file, Call::Write) {
            Verdict::Pass => (amount, None),
            Verdict::Fail(Fault::Error) => return ffi::SQLITE_IOERR_WRITE,
            Verdict::Fail(Fault::Full) => return ffi::SQLITE_FULL,
            Verdict::Fail(Fault::Short) => (amount / 2, Some(ffi::SQLITE_FULL)),
        };
        let outcome = call(inner, from, amount, at);
        if outcome == ffi::SQLITE_OK
            && let Some(watched) = watched(file)
        {
            let bytes = std::slice::from_raw_parts(from.cast::<u8>(), usize::try_from(amount).unwrap_or(0));
            let at = u64::try_from(at).unwrap_or(0);
            let event = || Event::Write { file: watched.number, at, bytes: bytes.to_vec() };
            watched.disk.happened(event);
        }
        failure.unwrap_or(outcome)
    }
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    // SAFETY: see the head of this file.
    unsafe {
        if judged(file, Call::Truncate) != Verdict::Pass {
            return ffi::SQLITE_IOERR_TRUNCATE;
        }
        let (inner, methods) = behind(file);
        let outcome = methods.xTruncate.map_or(ffi::SQLITE_IOERR, |call| call(inner, size));
        if outcome == ffi::SQLITE_OK
            && let Some(watched) = watched(file)
        {
            let size = u64::try_from(size).unwrap_or(0);
            watched.disk.happened(|| Event::Truncate { file: watched.number, size });
        }
        outcome
    }
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, flags: c_int) -> c_int {
    // SAFETY: see the head of this file.
    unsafe {
        let Some(watched) = watched(file) else {
            let (inner, methods) = behind(file);
            return methods.xSync.map_or(ffi::SQLITE_IOERR_FSYNC, |call| call(inner, flags));
        };
        if watched.disk.judge(Call::Sync) != Verdict::Pass {
            return ffi::SQLITE_IOERR_FSYNC;
        }
        // What is durable is told by the recording; the real disk need not be waited for.
        watched.disk.happened(|| Event::Sync { file: watched.number });
        ffi::SQLITE_OK
    }
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: see the head of this file.
    unsafe {
        if judged(file, Call::Size) != Verdict::Pass {
            return ffi::SQLITE_IOERR_FSTAT;
        }
        let (inner, methods) = behind(file);
        methods.xFileSize.map_or(ffi::SQLITE_IOERR, |call| call(inner, size))
    }
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    page: c_int,
    size: c_int,
    extend: c_int,
    to: *mut *mut c_void,
) -> c_int {
    // SAFETY: see the head of this file.
    unsafe {
        if judged(file, Call::Map) != Verdict::Pass {
            *to = std::ptr::null_mut();
            return ffi::SQLITE_IOERR_SHMMAP;
        }
        let (inner, methods) = behind(file);
        methods.xShmMap.map_or(ffi::SQLITE_IOERR, |call| call(inner, page, size, extend, to))
    }
}

/// Calls that are handed on as they are.
macro_rules! handed_on {
    ($($name:ident => $method:ident ($($arg:ident: $kind:ty),*) -> $out:ty, or $otherwise:expr;)*) => {$(
        unsafe extern "C" fn $name(file: *mut ffi::sqlite3_file $(, $arg: $kind)*) -> $out {
            // SAFETY: see the head of this file.
            unsafe {
                let (inner, methods) = behind(file);
                match methods.$method {
                    Some(call) => call(inner $(, $arg)*),
                    None => $otherwise,
                }
            }
        }
    )*};
}

handed_on! {
    lock => xLock(level: c_int) -> c_int, or ffi::SQLITE_OK;
    unlock => xUnlock(level: c_int) -> c_int, or ffi::SQLITE_OK;
    check_reserved_lock => xCheckReservedLock(out: *mut c_int) -> c_int, or ffi::SQLITE_OK;
    file_control => xFileControl(op: c_int, arg: *mut c_void) -> c_int, or ffi::SQLITE_NOTFOUND;
    sector_size => xSectorSize() -> c_int, or 512;
    device_characteristics => xDeviceCharacteristics() -> c_int, or 0;
    shm_lock => xShmLock(offset: c_int, n: c_int, flags: c_int) -> c_int, or ffi::SQLITE_IOERR;
    shm_barrier => xShmBarrier() -> (), or ();
    shm_unmap => xShmUnmap(delete: c_int) -> c_int, or ffi::SQLITE_OK;
}

unsafe extern "C" fn delete(_: *mut ffi::sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite gives a path of its own.
    unsafe {
        let Some(call) = (*real()).xDelete else { return ffi::SQLITE_IOERR_DELETE };
        let outcome = call(real(), name, sync_folder);
        if outcome == ffi::SQLITE_OK
            && let Some(path) = path(name)
            && let Some(disk) = Disk::of(path)
        {
            let file = disk.number_of(path);
            disk.happened(|| Event::Delete { file });
            if sync_folder != 0 {
                disk.happened(|| Event::Sync { file });
            }
        }
        outcome
    }
}

unsafe extern "C" fn access(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xAccess.map_or(ffi::SQLITE_IOERR_ACCESS, |call| call(real(), name, flags, out)) }
}

unsafe extern "C" fn full_pathname(
    _: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    room: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xFullPathname.map_or(ffi::SQLITE_CANTOPEN, |call| call(real(), name, room, out)) }
}

unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xRandomness.map_or(0, |call| call(real(), room, out)) }
}

unsafe extern "C" fn sleep(_: *mut ffi::sqlite3_vfs, micros: c_int) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xSleep.map_or(0, |call| call(real(), micros)) }
}

unsafe extern "C" fn current_time(_: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xCurrentTimeInt64.map_or(ffi::SQLITE_ERROR, |call| call(real(), out)) }
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, room: c_int, out: *mut c_char) -> c_int {
    // SAFETY: handed on as it is.
    unsafe { (*real()).xGetLastError.map_or(0, |call| call(real(), room, out)) }
}
