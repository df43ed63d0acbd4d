//! Recordings that are read, without those that are written.

#[path = "../../src/recording/again.rs"]
pub mod again;
#[path = "../../src/recording/calendar.rs"]
pub mod calendar;
#[path = "../../src/recording/read.rs"]
pub mod read;
#[path = "../../src/recording/review.rs"]
pub mod review;
#[path = "../../src/recording/shape.rs"]
pub mod shape;
#[path = "../../src/recording/stops.rs"]
pub mod stops;
#[path = "../../src/recording/story.rs"]
pub mod story;
#[path = "../../src/recording/topic.rs"]
pub mod topic;
#[path = "../../src/recording/views.rs"]
pub mod views;
