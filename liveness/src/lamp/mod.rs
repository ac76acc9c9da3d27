//! The coded lamp: the unit dips its lamp in a random pattern, and judges how the face answers.
//!
//! ```text
//! Code ──► the caller plays it ──► frames ──► View of each ──► Trial ──► Judgement
//! ```
//!
//! A live face follows the code at once, reflects the lamp as it reflects the room's light, and shades it as a head does.
//! A screen shines by itself, and a sheet of paper has no nose. `docs/coded-lamp.md` explains the physics and gives the
//! figures of a simulation.

mod code;
mod delay;
mod finding;
mod head;
mod judge;
mod least_squares;
mod overall;
mod response;
mod robust;
mod sample;
mod shape;
mod skin;
mod steady;
mod trial;
mod view;

pub use code::{Code, LampKind};
pub use delay::{DelayError, MeasuredDelay, measure_delay};
pub use finding::{CannotTell, Figures, Finding, Judgement, NotLive};
pub use sample::{Sample, Timing};
pub use shape::{FEATURES, Shape};
pub use trial::Trial;
pub use view::{CELL, COLUMNS, Grid, LEFT, Place, ROWS, TEMPLATE, TOP, View, linear};
