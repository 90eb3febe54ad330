//! One upload, from its first message to its last, on the disk. This file is yours: stages 1 to 7.
//!
//! Nothing here is async: each function blocks its thread while the disk works. On which thread
//! that is, is for `service.rs` to decide.

use std::io;

use proto::image::v1::{Begin, Chunk, Commit, UploadResponse};
use tonic::Status;

use crate::disk::{Disk, Temporary};

/// An image that has not been stored, or not yet.
#[derive(Debug)]
pub struct Upload {
    begin: Begin,
    temporary: Temporary,
}

impl Upload {
    /// Takes the first message.
    pub fn begin(disk: &Disk, begin: Begin) -> Result<Self, Status> {
        let temporary = disk.create_temporary().map_err(failed)?;
        Ok(Self { begin, temporary })
    }

    /// Takes the next piece of the content.
    pub fn chunk(&mut self, chunk: Chunk) -> Result<(), Status> {
        self.temporary.write(&chunk.data).map_err(failed)?;
        todo!("stage 1: count and hash {} bytes", chunk.data.len())
    }

    /// Takes the last message: stores the image, and answers what was stored.
    pub fn commit(self, commit: Commit) -> Result<UploadResponse, Status> {
        todo!(
            "stage 1: publish {:?} if its digest is {:02x?}",
            self.begin.name,
            commit.sha256
        )
    }
}

/// What a caller is told of an error on the disk.
pub fn failed(error: io::Error) -> Status {
    todo!("stage 7: what is the status for {error:?}?")
}
