//! How long a thread's turn at the processor is.
//!
//! A thread that wakes waits until the running one's turn is over, three milliseconds where nobody asks for anything else:
//! the p99 of an engine beside a busy Python. One whose own turns are shorter may begin at once (Linux 6.12 and newer,
//! `PREEMPT_SHORT`); it gets no larger share of the processor by that. Older kernels take the wish and do nothing with it.

use std::io;
use std::mem::size_of;

/// The shortest turn the kernel gives.
const SHORT_NS: u64 = 100_000;

/// Ask for short turns for the calling thread; its share of the processor stays as it is.
///
/// # Errors
/// The kernel does not let us.
pub fn ask_for_short_turns() -> io::Result<()> {
    let mut wanted = held()?;
    if wanted.sched_policy != libc::SCHED_OTHER as u32 {
        return Ok(()); // Whoever put it into another class knows what it wants.
    }
    wanted.sched_runtime = SHORT_NS;
    // SAFETY: the structure is whole and tells its own size; 0 is the calling thread.
    told(unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const wanted, 0) })
}

fn held() -> io::Result<libc::sched_attr> {
    // SAFETY: all of it are numbers, and the kernel writes no more than the size it is told.
    unsafe {
        let mut held: libc::sched_attr = std::mem::zeroed();
        let size = size_of::<libc::sched_attr>();
        told(libc::syscall(libc::SYS_sched_getattr, 0, &raw mut held, size, 0))?;
        Ok(held)
    }
}

fn told(result: libc::c_long) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_short_afterwards_and_the_share_is_as_before() {
        let before = held().unwrap();

        ask_for_short_turns().unwrap();

        let after = held().unwrap();
        assert_eq!((after.sched_policy, after.sched_nice), (before.sched_policy, before.sched_nice));
        // Kernels before 6.12 tell nothing here.
        assert!(after.sched_runtime == SHORT_NS || before.sched_runtime == 0);
    }
}
