//! ASYNC. Runs beside the robot: one loop that owns the controller, and through it the pilot.

pub mod controller;
mod latch_file;
