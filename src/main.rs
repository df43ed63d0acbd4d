//! The `joywire` program.
fn main() {}
