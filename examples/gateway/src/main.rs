//! The whole path as a service.
fn main() {}
