
/// `{{package}}.v1`: say which chapter, and what it is about.
pub mod {{package}} {
    pub mod v1 {
        tonic::include_proto!("{{package}}.v1");
    }
}
