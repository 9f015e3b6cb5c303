//! Signals, fork and exec: what the standard library does not offer, or offers only with changes that the application would
//! see. The one file with `unsafe`; it never allocates between fork and exec, and never touches the environment.
//!
//! Types are laid out as the C libraries musl and glibc have them on 64-bit Linux, x86_64 and aarch64, which agree here.

#![allow(
    unsafe_code,
    reason = "the C library is the only way to signals, fork and exec; each call says why it is sound"
)]

use std::ffi::{CString, OsString, c_char, c_int, c_void};
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(not(all(target_os = "linux", target_pointer_width = "64")))]
compile_error!("seaworthy-wait runs on 64-bit Linux");

/// A signal's number.
pub type Signal = c_int;
/// A process's number.
pub type Pid = c_int;

/// Ctrl-C.
const INT: Signal = 2;
/// Written to a pipe that nobody reads.
const PIPE: Signal = 13;
/// What a terminal sends: Ctrl-C, Ctrl-\, Ctrl-Z, and that its size has changed.
pub const FROM_TERMINAL: [Signal; 4] = [INT, 3, 20, 28];
/// A child has ended.
pub const CHILD: Signal = 17;
/// What the kubelet ends containers with.
const TERM: Signal = 15;
/// Those that images name to be stopped with, and a terminal sends; 37 is SIGRTMIN+3, which ends a systemd.
const ENDING: [Signal; 7] = [1, INT, 3, 10, 12, TERM, 37];

const DEFAULT: usize = 0;
const IGNORE: usize = 1;
const BLOCK: c_int = 0;
const SET_MASK: c_int = 2;
const NO_HANG: c_int = 1;
const INTERRUPTED: i32 = 4;
const FROM_KERNEL: c_int = 0x80;

#[repr(C)]
#[derive(Clone, Copy)]
struct SignalSet([u64; 16]);

#[repr(C)]
struct SignalInfo {
    signal: c_int,
    errno: c_int,
    code: c_int,
    rest: [c_int; 29],
}

#[repr(C)]
struct SignalAction {
    handler: usize,
    rest: [u64; 18],
}

unsafe extern "C" {
    fn signal(signal: c_int, handler: usize) -> usize;
    fn sigaction(signal: c_int, new: *const c_void, old: *mut SignalAction) -> c_int;
    fn sigprocmask(how: c_int, new: *const SignalSet, old: *mut SignalSet) -> c_int;
    fn sigwaitinfo(set: *const SignalSet, info: *mut SignalInfo) -> c_int;
    fn kill(pid: Pid, signal: c_int) -> c_int;
    fn waitpid(pid: Pid, status: *mut c_int, options: c_int) -> Pid;
    fn fork() -> Pid;
    fn execvp(file: *const c_char, argv: *const *const c_char) -> c_int;
    fn write(file: c_int, bytes: *const c_void, count: usize) -> isize;
    fn _exit(code: c_int) -> !;
}

/// Bit `n - 1` is set where signal `n` was ignored when the program began.
static IGNORED: AtomicU64 = AtomicU64::new(0);
/// Bit `n - 1` is set where signal `n` was blocked when the program began.
static BLOCKED: AtomicU64 = AtomicU64::new(0);

/// Notes the signals as they were handed to us. Before `main`, because the start of a Rust program ignores SIGPIPE.
#[used]
#[unsafe(link_section = ".init_array")]
static BEFORE_MAIN: extern "C" fn() = note_signals;

extern "C" fn note_signals() {
    let mut ignored = 0;
    for number in 1..=64 {
        let mut action = SignalAction { handler: DEFAULT, rest: [0; 18] };
        // SAFETY: with no new action it only writes the old one, into a struct of the C library's size.
        let known = unsafe { sigaction(number, ptr::null(), &mut action) } == 0;
        if known && action.handler == IGNORE {
            ignored |= bit(number);
        }
    }
    IGNORED.store(ignored, Ordering::Relaxed);
    let mut blocked = SignalSet([0; 16]);
    // SAFETY: with no new set it only writes the old one, into a set of the C library's size.
    unsafe { sigprocmask(BLOCK, ptr::null(), &mut blocked) };
    BLOCKED.store(blocked.0[0], Ordering::Relaxed);
}

fn bit(number: Signal) -> u64 {
    1 << (number - 1)
}

/// From now on a signal that asks for the end ends the process at once with 128 + its number, as process 1 too, where the
/// kernel would otherwise drop it.
pub fn end_on_signals() {
    let handler: extern "C" fn(c_int) = end;
    let mut blocked = BLOCKED.load(Ordering::Relaxed);
    for number in ENDING {
        // SAFETY: the handler calls nothing but `_exit`, which may be called in a handler.
        unsafe { signal(number, handler as usize) };
        blocked &= !bit(number);
    }
    set_mask(blocked);
}

extern "C" fn end(number: c_int) {
    // SAFETY: `_exit` may be called in a handler, and does not return.
    unsafe { _exit(128 + number) }
}

fn set_mask(bits: u64) {
    let mut set = SignalSet([0; 16]);
    set.0[0] = bits;
    // SAFETY: both sets are of the C library's size; the old one is not asked for.
    unsafe { sigprocmask(SET_MASK, &set, ptr::null_mut()) };
}

/// A command line, ready for exec.
pub struct Command {
    words: Vec<CString>,
}

impl Command {
    /// From the words as they were given: the first is looked for in PATH unless it has a slash. None of no words, or where
    /// a word holds a zero byte, which the kernel does not pass.
    pub fn new(words: Vec<OsString>) -> Option<Self> {
        let words: Result<Vec<_>, _> = words.into_iter().map(|word| CString::new(word.into_vec())).collect();
        words.ok().filter(|words| !words.is_empty()).map(|words| Self { words })
    }

    /// Its first word, for messages.
    pub fn program(&self) -> OsString {
        OsString::from_vec(self.words.first().map(|word| word.to_bytes().to_vec()).unwrap_or_default())
    }

    fn pointers(&self) -> Vec<*const c_char> {
        self.words.iter().map(|word| word.as_ptr()).chain([ptr::null()]).collect()
    }
}

/// Becomes this command, with environment, folder, user, terminal, ignored and blocked signals as they were handed to us.
/// Returns only where that failed, with the reason.
pub fn exec(command: &Command) -> io::Error {
    replace(&command.pointers())
}

/// Everything allocated before: this also runs between fork and exec.
fn replace(argv: &[*const c_char]) -> io::Error {
    let ignored = IGNORED.load(Ordering::Relaxed);
    for number in ENDING.into_iter().chain([PIPE, CHILD]) {
        let was_ignored = ignored & bit(number) != 0;
        // What is handled stays handled until exec itself resets it: no moment in which process 1 drops a signal.
        if was_ignored || number == PIPE {
            // SAFETY: no handler of ours, only what the kernel offers.
            unsafe { signal(number, if was_ignored { IGNORE } else { DEFAULT }) };
        }
    }
    set_mask(BLOCKED.load(Ordering::Relaxed));
    // SAFETY: `argv` ends with null, and its strings outlive the call.
    unsafe { execvp(argv[0], argv.as_ptr()) };
    io::Error::last_os_error()
}

/// Starts this command as a child, and from then on keeps all signals for [`next_signal`].
///
/// # Errors
/// Where there can be no child, or exec failed in it.
pub fn spawn(command: &Command) -> io::Result<Pid> {
    let argv = command.pointers();
    // Closed by a successful exec; else the child writes into it why there was none.
    let (mut reader, writer) = io::pipe()?;
    // Not ignored, so that children wait to be reaped.
    // SAFETY: no handler of ours, only what the kernel offers.
    unsafe { signal(CHILD, DEFAULT) };
    set_mask(every_signal());
    // SAFETY: the child calls nothing that allocates or locks before exec or `_exit`: see `replace`.
    let pid = unsafe { fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            let reason = replace(&argv).raw_os_error().unwrap_or_default().to_ne_bytes();
            // SAFETY: the bytes outlive the call; `_exit` runs nothing of the parent's.
            unsafe {
                write(writer.as_raw_fd(), reason.as_ptr().cast(), reason.len());
                _exit(127)
            }
        }
        pid => {
            drop(writer);
            let mut reason = [0; 4];
            match reader.read_exact(&mut reason) {
                Ok(()) => Err(io::Error::from_raw_os_error(i32::from_ne_bytes(reason))),
                Err(_) => Ok(pid),
            }
        }
    }
}

/// All but the two that the C library keeps for itself.
fn every_signal() -> u64 {
    !(bit(32) | bit(33))
}

/// A signal that was sent to us.
pub struct Sent {
    /// Which.
    pub signal: Signal,
    /// Sent by the kernel, as a terminal's Ctrl-C is: to the whole group of processes.
    pub by_kernel: bool,
}

/// Waits for the next signal; only after [`spawn`].
pub fn next_signal() -> Sent {
    let mut set = SignalSet([0; 16]);
    set.0[0] = every_signal();
    loop {
        let mut info = SignalInfo { signal: 0, errno: 0, code: 0, rest: [0; 29] };
        // SAFETY: set and info are of the C library's size.
        let number = unsafe { sigwaitinfo(&set, &mut info) };
        if number > 0 {
            return Sent { signal: number, by_kernel: info.code == FROM_KERNEL };
        }
    }
}

/// Sends a signal to a child that was not reaped yet.
pub fn send(pid: Pid, number: Signal) {
    // SAFETY: takes numbers only; that the child has ended is no mistake.
    unsafe { kill(pid, number) };
}

/// Reaps one child that has ended, if there is one: its number and its raw status.
pub fn reap() -> Option<(Pid, i32)> {
    loop {
        let mut status = 0;
        // SAFETY: writes one number.
        match unsafe { waitpid(-1, &mut status, NO_HANG) } {
            -1 if io::Error::last_os_error().raw_os_error() == Some(INTERRUPTED) => {}
            pid if pid > 0 => return Some((pid, status)),
            _ => return None,
        }
    }
}
