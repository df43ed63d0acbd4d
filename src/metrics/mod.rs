//! Metrics: what happens and how well, in numbers that Prometheus reads, and whether all is well.
//!
//! One table says what is counted ([`TABLE`]). Whoever has something to count holds a meter, and counting is an addition
//! to an atomic number: no lock, no memory, no waiting. A thread of its own reads them when it is asked.

mod book;
mod health;
mod process;
mod pulse;
mod relay;
mod robot;
mod server;
mod sheet;
mod table;
mod text;

pub use book::Book;
pub use relay::{Rejection, RelayMeter};
pub use robot::{RobotMeter, Told};
pub use server::{Served, serve};
pub use table::{Kind, Label, Metric, Part, Row, TABLE};
