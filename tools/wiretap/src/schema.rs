//! Names for what the bytes mean: methods by path, fields by number.

use std::fmt;

use prost_reflect::{DescriptorPool, MethodDescriptor};

/// The contracts that a recording is read against. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pool: DescriptorPool,
}

/// The bytes are no valid set of contracts.
#[derive(Debug)]
pub struct SchemaError(prost_reflect::DescriptorError);

impl Schema {
    /// Reads a serialised `google.protobuf.FileDescriptorSet`, imports included.
    pub fn from_descriptors(file_descriptor_set: &[u8]) -> Result<Schema, SchemaError> {
        let pool = DescriptorPool::decode(file_descriptor_set).map_err(SchemaError)?;
        Ok(Schema { pool })
    }

    /// No contract at all: every field is then shown by its number.
    pub fn empty() -> Schema {
        Schema::default()
    }

    /// True if there is no contract in it.
    pub fn is_empty(&self) -> bool {
        self.pool.services().len() == 0
    }

    /// The method of a request's `:path`, `/package.Service/Method`.
    pub(crate) fn method(&self, path: &str) -> Option<MethodDescriptor> {
        let (service, method) = path.strip_prefix('/')?.split_once('/')?;
        let service = self.pool.get_service_by_name(service)?;
        service.methods().find(|found| found.name() == method)
    }
}

impl fmt::Display for SchemaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a valid FileDescriptorSet: {}", self.0)
    }
}

impl std::error::Error for SchemaError {}
