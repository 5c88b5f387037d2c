//! A file that is locked for as long as somebody holds it.
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;

/// The lock on one file. It ends with this value, not with the last copy of the descriptor: a program that is being started has
/// one for a moment (fork), and would keep the lock after we gave it back (flock(2)).
#[derive(Debug)]
pub struct Hold(File);

impl Hold {
    /// Alone; None where somebody else holds it in any way.
    pub fn alone(path: &Path) -> io::Result<Option<Self>> {
        let file = File::create(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self(file))),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(e)) => Err(e),
        }
    }

    /// Together with others; waits for one that holds it alone.
    pub fn shared(path: &Path) -> io::Result<Self> {
        let file = File::create(path)?;
        file.lock_shared()?;
        Ok(Self(file))
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // Where that fails, closing it is all that is left.
        let _ = self.0.unlock();
    }
}

#[cfg(test)]
#[allow(clippy::expect_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn one_alone_or_many_together() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("lock");
        let (a, b) = (Hold::shared(&path).expect("held"), Hold::shared(&path).expect("held"));
        assert!(Hold::alone(&path).expect("asked").is_none());
        drop((a, b));
        let alone = Hold::alone(&path).expect("asked");
        assert!(alone.is_some());
        assert!(Hold::alone(&path).expect("asked").is_none());
    }

    #[test]
    fn a_copy_that_a_started_program_has_keeps_nothing() {
        let place = tempfile::tempdir().expect("a directory");
        let path = place.path().join("lock");
        let held = Hold::alone(&path).expect("asked").expect("free");
        // What fork makes: another descriptor of the same open file.
        let copy = held.0.try_clone().expect("a copy");
        drop(held);
        assert!(Hold::alone(&path).expect("asked").is_some());
        drop(copy);
    }
}
