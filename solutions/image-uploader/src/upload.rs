//! One upload, from its first message to its last, on the disk. This file is yours: stages 1 to 7.
//!
//! Nothing here is async: each function blocks its thread while the disk works. On which thread
//! that is, is for `service.rs` to decide.

use std::io;

use proto::image::v1::{Begin, Chunk, Commit, UploadResponse};
// [stub]
use sha2::{Digest as _, Sha256};
// [/stub]
use tonic::Status;

use crate::disk::{Disk, Temporary};
// [stub]

/// As the contract has them, in bytes.
const LONGEST_NAME: usize = 100;
const LARGEST_CHUNK: usize = 1 << 20;
// [/stub]

/// An image that has not been stored, or not yet.
#[derive(Debug)]
pub struct Upload {
    // [stub] begin: Begin,
    name: String,
    /// How many bytes there will be, as the sender says: nothing is allocated on its word.
    size: u64,
    /// How many there are.
    received: u64,
    /// Of those.
    sha256: Sha256,
    // [/stub]
    temporary: Temporary,
}

impl Upload {
    /// Takes the first message.
    pub fn begin(disk: &Disk, begin: Begin) -> Result<Self, Status> {
        // [stub] let temporary = disk.create_temporary().map_err(failed)?;
        // [stub] Ok(Self { begin, temporary })
        let Begin { name, size } = begin;
        check_name(&name)?;
        Ok(Self {
            name,
            size,
            received: 0,
            sha256: Sha256::new(),
            temporary: disk.create_temporary().map_err(failed)?,
        })
        // [/stub]
    }

    /// Takes the next piece of the content.
    pub fn chunk(&mut self, chunk: Chunk) -> Result<(), Status> {
        // [stub] self.temporary.write(&chunk.data).map_err(failed)?;
        // [stub] todo!("stage 1: count and hash {} bytes", chunk.data.len())
        let Chunk { offset, data } = chunk;
        if data.is_empty() || data.len() > LARGEST_CHUNK {
            return Err(Status::invalid_argument(format!(
                "a chunk has from 1 to {LARGEST_CHUNK} bytes, and this one {}",
                data.len()
            )));
        }
        if offset != self.received {
            return Err(Status::invalid_argument(format!(
                "the chunk begins at byte {offset}, and byte {} is next",
                self.received
            )));
        }
        if data.len() as u64 > self.size - self.received {
            return Err(Status::invalid_argument(format!(
                "there are more than the {} bytes that begin announced",
                self.size
            )));
        }
        self.temporary.write(&data).map_err(failed)?;
        self.sha256.update(&data);
        self.received += data.len() as u64;
        Ok(())
        // [/stub]
    }

    /// Takes the last message: stores the image, and answers what was stored.
    // [stub] pub fn commit(self, commit: Commit) -> Result<UploadResponse, Status> {
    pub fn commit(mut self, commit: Commit) -> Result<UploadResponse, Status> {
        // [/stub]
        // [stub] todo!(
        // [stub]     "stage 1: publish {:?} if its digest is {:02x?}",
        // [stub]     self.begin.name,
        // [stub]     commit.sha256
        // [stub] )
        let sent: [u8; 32] = commit.sha256.try_into().map_err(|sent: Vec<u8>| {
            Status::invalid_argument(format!("a SHA-256 has 32 bytes, and this {}", sent.len()))
        })?;
        if self.received < self.size {
            return Err(Status::invalid_argument(format!(
                "{} bytes have come of the {} that begin announced",
                self.received, self.size
            )));
        }
        let sha256: [u8; 32] = self.sha256.finalize_reset().into();
        if sha256 != sent {
            return Err(Status::data_loss("what arrived has another SHA-256"));
        }
        // In this order: a name on a file that is not synced is a name on nothing, if the power
        // fails between the two, and the older image of that name is gone.
        self.temporary.sync().map_err(failed)?;
        self.temporary.publish(&self.name).map_err(failed)?;
        Ok(UploadResponse {
            size: self.size,
            sha256: sha256.into(),
        })
        // [/stub]
    }
}
// [stub]

impl Drop for Upload {
    /// However an upload ends: with a reply, with an error, or dropped half-way together with the
    /// handler, because the caller has gone.
    fn drop(&mut self) {
        if let Err(error) = self.temporary.remove() {
            eprintln!("image-uploader: a temporary file is left behind: {error}");
        }
    }
}

/// Whether an image may have this name. It becomes part of a path, so whatever is not known to be
/// harmless is refused.
pub fn check_name(name: &str) -> Result<(), Status> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    if (1..=LONGEST_NAME).contains(&name.len())
        && name.bytes().all(allowed)
        && !name.starts_with('.')
    {
        Ok(())
    } else {
        // Not repeated: it is as long as its sender likes, and a status travels in a header.
        Err(Status::invalid_argument(format!(
            "a name is 1 to {LONGEST_NAME} letters, digits, dots, hyphens and underscores, and \
             does not begin with a dot"
        )))
    }
}
// [/stub]

/// What a caller is told of an error on the disk.
pub fn failed(error: io::Error) -> Status {
    // [stub] todo!("stage 7: what is the status for {error:?}?")
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            Status::resource_exhausted("the disk is full")
        }
        // Paths and causes are for whoever runs the server.
        _ => {
            eprintln!("image-uploader: the disk has failed: {error}");
            Status::internal("the disk has failed")
        }
    }
    // [/stub]
}
