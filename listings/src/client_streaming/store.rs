//! Batches of readings on a disk. A delivery is written to a temporary file, and that gets its name
//! when every byte is safe; so each file that has a name is whole.
//!
//! Everything here may wait for the disk, and is not async: whoever calls [`Delivery::publish`] does
//! it where waiting is allowed.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use proto::sensor::v1::DeliverRequest;
use tonic::Status;

use super::station::Station;

/// The longest batch, in readings.
pub const BATCH: usize = 600;

/// What is stored. Cloning it is cheap and gives the same store.
#[derive(Clone, Debug)]
pub struct Store {
    folder: Arc<PathBuf>,
    /// The last batch that is stored, of each station. Never held while the disk is waited for.
    stored: Arc<Mutex<HashMap<Station, u64>>>,
    /// One delivery at a time gets its name. Held while the disk is waited for, and only then.
    naming: Arc<Mutex<()>>,
}

/// Why a delivery was not stored.
#[derive(Debug)]
pub enum Refusal {
    /// A message that breaks a rule of the contract.
    Broken(String),
    /// The batch after `stored` must come first.
    Gap {
        batch: u64,
        stored: u64,
    },
    /// Another call of the same station was faster.
    Outrun,
    Disk(io::Error),
}

impl Store {
    /// Opens a folder, which must exist, with all that was stored in it before.
    pub fn open(folder: &Path) -> io::Result<Self> {
        let mut stored = HashMap::new();
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if name.ends_with(TEMPORARY) {
                // Of a server that was killed: nobody was told that this is stored.
                fs::remove_file(&path)?;
            } else if let Some((station, last)) = read_name(&name) {
                let stored = stored.entry(station).or_default();
                *stored = last.max(*stored);
            }
        }
        Ok(Self {
            folder: Arc::new(folder.to_path_buf()),
            stored: Arc::new(Mutex::new(stored)),
            naming: Arc::default(),
        })
    }

    /// The last batch of a station that is stored, or 0.
    pub fn stored(&self, station: &Station) -> u64 {
        lock(&self.stored).get(station).copied().unwrap_or(0)
    }

    /// Begins a delivery. It is gone if it is dropped before it is published.
    pub fn begin(&self, station: Station) -> Result<Delivery, Refusal> {
        Ok(Delivery {
            temporary: Temporary::create(&self.folder)?,
            stored: self.stored(&station),
            last: None,
            store: self.clone(),
            station,
        })
    }
}

/// Batches of one call, on their way to the disk.
#[derive(Debug)]
pub struct Delivery {
    store: Store,
    station: Station,
    temporary: Temporary,
    /// The last batch that was stored when the call began.
    stored: u64,
    /// The last batch that was added.
    last: Option<u64>,
}

impl Delivery {
    // ANCHOR: add
    /// Adds a batch. The first may be one that is stored; then each is one more
    /// than the one before.
    pub fn add(&mut self, message: &DeliverRequest) -> Result<(), Refusal> {
        let &DeliverRequest { batch, .. } = message;
        self.check(message)?;
        match self.last {
            Some(last) if last.checked_add(1) != Some(batch) => {
                let why = format!("batch {batch} follows batch {last}");
                return Err(Refusal::Broken(why));
            }
            None if batch > self.stored.saturating_add(1) => {
                let stored = self.stored;
                return Err(Refusal::Gap { batch, stored });
            }
            _ => self.last = Some(batch),
        }
        if batch > self.stored {
            self.temporary.write(message)?;
        }
        Ok(())
    }
    // ANCHOR_END: add

    fn check(&self, message: &DeliverRequest) -> Result<(), Refusal> {
        if message.station != self.station.to_string() {
            let why = format!(
                "one call is one station's, and this one is {}'s",
                self.station
            );
            return Err(Refusal::Broken(why));
        }
        if message.batch == 0 {
            return Err(Refusal::Broken("batches are numbered from 1".to_owned()));
        }
        let readings = message.decidegrees.len();
        if !(1..=BATCH).contains(&readings) {
            let why = format!("a batch has from 1 to {BATCH} readings, not {readings}");
            return Err(Refusal::Broken(why));
        }
        Ok(())
    }

    // ANCHOR: publish
    /// Stores what was added, and answers which batch is the last that is stored.
    /// Blocks for as long as the disk takes.
    pub fn publish(self) -> Result<u64, Refusal> {
        let Self {
            store,
            station,
            mut temporary,
            stored,
            last,
        } = self;
        let Some(last) = last.filter(|last| *last > stored) else {
            return Ok(stored); // nothing that is new
        };
        temporary.sync()?;
        let _turn = lock(&store.naming);
        if store.stored(&station) != stored {
            return Err(Refusal::Outrun);
        }
        let name = format!("{station}.{}-{last}", stored + 1);
        temporary.rename(&store.folder.join(name))?;
        sync_folder(&store.folder)?;
        lock(&store.stored).insert(station, last);
        Ok(last)
    }
    // ANCHOR_END: publish
}

/// `buoy-7.8-12`: batches 8 to 12 of the station `buoy-7`.
fn read_name(name: &str) -> Option<(Station, u64)> {
    let (station, batches) = name.split_once('.')?;
    let (_first, last) = batches.split_once('-')?;
    Some((Station::try_from(station).ok()?, last.parse().ok()?))
}

/// How the names of temporary files end.
const TEMPORARY: &str = ".tmp";

// ANCHOR: temporary
/// A file that goes away when it is dropped, unless it has been given a name.
#[derive(Debug)]
struct Temporary {
    file: BufWriter<File>,
    path: PathBuf,
    named: bool,
}

impl Temporary {
    fn create(folder: &Path) -> io::Result<Self> {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{number}{TEMPORARY}"));
        Ok(Self {
            file: BufWriter::new(File::create_new(&path)?),
            path,
            named: false,
        })
    }

    /// All that was written is on the disk when this returns, and not before.
    fn sync(&mut self) -> io::Result<()> {
        self.file.flush()?;
        self.file.get_ref().sync_all()
    }

    fn rename(mut self, name: &Path) -> io::Result<()> {
        fs::rename(&self.path, name)?;
        self.named = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.named {
            // If that fails, it is done when the store is opened again.
            let _ = fs::remove_file(&self.path);
        }
    }
}
// ANCHOR_END: temporary

impl Temporary {
    /// One line a batch: its number, then its readings.
    fn write(&mut self, batch: &DeliverRequest) -> io::Result<()> {
        write!(self.file, "{}", batch.batch)?;
        for reading in &batch.decidegrees {
            write!(self.file, " {reading}")?;
        }
        writeln!(self.file)
    }
}

/// A name is an entry of its folder, and the folder is written to the disk when it is synced.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) {
        File::open(folder)?.sync_all()?; // Windows does not open folders as files
    }
    Ok(())
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Disk(error)
    }
}

impl From<Refusal> for Status {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Broken(why) => Status::invalid_argument(why),
            Refusal::Gap { batch, stored } => Status::failed_precondition(format!(
                "batch {batch} leaves a gap: {stored} is the last that is stored"
            )),
            Refusal::Outrun => {
                Status::aborted("another call of this station was faster: ask GetStation")
            }
            Refusal::Disk(error) => {
                eprintln!("the disk: {error}"); // for us; the caller can do nothing with it
                Status::unavailable("the readings could not be written; deliver again later")
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Nothing under these locks can panic half-way through a change.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
