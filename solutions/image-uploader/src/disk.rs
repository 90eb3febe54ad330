//! The disk under the images. This file is given.
//!
//! An image is a file of its name in the store's folder. What is still being uploaded is a
//! temporary file beside them, whose name begins with a dot, so it can never be taken for an image.
//! Every function here waits for the disk and blocks the thread that calls it: for microseconds as
//! a rule, for seconds when the disk is busy.
//!
//! The disk also does on command what disks do: it fills up, keeps a sync waiting, loses its power.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use sha2::{Digest as _, Sha256};

/// What the name of every temporary file begins with.
const TEMPORARY: &str = ".upload-";

/// A folder of images. Clones are of the same one.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: PathBuf,
    state: Arc<State>,
}

/// A file that is not an image yet. It stays on the disk until it is published or removed: dropping
/// this value closes the file, and leaves it there.
#[derive(Debug)]
pub struct Temporary {
    disk: Disk,
    path: PathBuf,
    file: File,
    written: u64,
    published: bool,
}

/// What is stored under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Image {
    pub size: u64,
    pub sha256: [u8; 32],
}

/// What has become of the disk so far.
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    /// Bytes that were written, whatever became of their file.
    pub bytes: u64,
    /// Temporary files that were neither published nor removed.
    pub temporaries: u64,
    /// Syncs that wait because they are held.
    pub held_syncs: u64,
}

impl Disk {
    /// Takes a folder for itself, and makes it if it is not there. Temporary files in it are what a
    /// crash has left, and are removed.
    pub fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
                fs::remove_file(entry.path())?;
            }
        }
        Ok(Self {
            folder,
            state: Arc::default(),
        })
    }

    /// Makes an empty temporary file that no other upload has.
    pub fn create_temporary(&self) -> io::Result<Temporary> {
        let mut now = self.state.powered()?;
        now.created += 1;
        let path = self.folder.join(format!("{TEMPORARY}{}", now.created));
        let file = File::create_new(&path)?;
        now.counts.temporaries += 1;
        now.synced.insert(path.clone(), 0);
        Ok(Temporary {
            disk: self.clone(),
            path,
            file,
            written: 0,
            published: false,
        })
    }

    /// Reads the image of this name to its end, if there is one.
    ///
    /// The name becomes part of a path as it is. Which names are safe is for whoever takes them
    /// from strangers to know.
    pub fn image(&self, name: &str) -> io::Result<Option<Image>> {
        drop(self.state.powered()?);
        let mut file = match File::open(self.folder.join(name)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut size = 0;
        let mut sha256 = Sha256::new();
        let mut piece = [0; 64 * 1024];
        loop {
            match file.read(&mut piece) {
                Ok(0) => break,
                Ok(length) => {
                    size += length as u64;
                    sha256.update(&piece[..length]);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(Some(Image {
            size,
            sha256: sha256.finalize().into(),
        }))
    }
}

impl Temporary {
    /// Writes at the file's end. The bytes may be in memory only, until they are synced.
    pub fn write(&mut self, data: &[u8]) -> io::Result<()> {
        if self.disk.state.powered()?.full {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.write_all(data)?;
        self.written += data.len() as u64;
        self.disk.state.lock().counts.bytes += data.len() as u64;
        Ok(())
    }

    /// Waits until everything that was written would survive a power failure.
    #[allow(dead_code, reason = "what you write calls it, from stage 7 on")]
    pub fn sync(&mut self) -> io::Result<()> {
        self.disk.state.wait_while_held()?;
        self.file.sync_all()?;
        let mut now = self.disk.state.powered()?;
        now.synced.insert(self.path.clone(), self.written);
        Ok(())
    }

    /// Makes the file the image of this name, in place of an older one, in one step: whoever looks
    /// finds the old image or the new one, whole. When it returns, the new name would survive a
    /// power failure. Whether the content would is another matter: see [`sync`](Self::sync).
    ///
    /// The name becomes part of a path as it is. To be called once.
    #[allow(dead_code, reason = "what you write calls it, from stage 1 on")]
    pub fn publish(&mut self, name: &str) -> io::Result<()> {
        let path = self.disk.folder.join(name);
        {
            let mut now = self.disk.state.powered()?;
            fs::rename(&self.path, &path)?;
            now.counts.temporaries -= 1;
            let synced = now.synced.remove(&self.path).unwrap_or_default();
            // Files that are safe need not be remembered.
            if synced == self.written {
                now.synced.remove(&path);
            } else {
                now.synced.insert(path.clone(), synced);
            }
            self.path = path;
            self.published = true;
        }
        // A name is an entry of its folder, which is a file too. Windows has no such call.
        #[cfg(unix)]
        File::open(&self.disk.folder)?.sync_all()?;
        Ok(())
    }

    /// Removes the file, unless it has been published.
    #[allow(dead_code, reason = "what you write calls it, from stage 5 on")]
    pub fn remove(&mut self) -> io::Result<()> {
        let mut now = self.disk.state.powered()?;
        if self.published {
            return Ok(());
        }
        fs::remove_file(&self.path)?;
        now.counts.temporaries -= 1;
        now.synced.remove(&self.path);
        Ok(())
    }
}

/// What a test may see and do: `inspect.rs` puts these on the wire.
impl Disk {
    /// Leaves what a power failure may leave. It is a simple model of one: every name is as it is
    /// now, since a folder's entries may reach the disk long before the content of the files, and
    /// of every file there is what was synced. After that the disk takes nothing.
    pub fn pull_the_plug(&self) -> io::Result<()> {
        let mut now = self.state.lock();
        now.unpowered = true;
        self.state.changed.notify_all();
        for (path, synced) in now.synced.drain() {
            File::options().write(true).open(path)?.set_len(synced)?;
        }
        Ok(())
    }

    pub fn fail_writes(&self, fail: bool) {
        self.state.lock().full = fail;
    }

    pub fn hold_syncs(&self, hold: bool) {
        self.state.lock().held = hold;
        self.state.changed.notify_all();
    }

    pub fn counts(&self) -> Counts {
        self.state.lock().counts
    }
}

#[derive(Debug, Default)]
struct State {
    now: Mutex<Now>,
    /// Told when `held` or `unpowered` has changed.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Now {
    full: bool,
    held: bool,
    unpowered: bool,
    counts: Counts,
    /// Temporary files that were ever made; each has its number as its name.
    created: u64,
    /// How much of each file is safe, in bytes. A file that is not here is safe altogether.
    synced: HashMap<PathBuf, u64>,
}

impl State {
    fn lock(&self) -> MutexGuard<'_, Now> {
        // Nothing between a lock and its release can panic and leave the counts half-changed.
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn powered(&self) -> io::Result<MutexGuard<'_, Now>> {
        let now = self.lock();
        if now.unpowered {
            return Err(io::Error::other("the disk has no power"));
        }
        Ok(now)
    }

    fn wait_while_held(&self) -> io::Result<()> {
        let mut now = self.powered()?;
        now.counts.held_syncs += 1;
        while now.held && !now.unpowered {
            now = self
                .changed
                .wait(now)
                .unwrap_or_else(PoisonError::into_inner);
        }
        now.counts.held_syncs -= 1;
        drop(now);
        self.powered().map(drop)
    }
}
