//! Liveness signals: what they are, what they report, and what a door requires of them. How their reports are weighed is
//! in `liveness`.

mod lamp;
mod protection;
mod report;
mod requirements;
mod signal;

pub use lamp::{LampReport, LampUse, Trial};
pub use protection::Protection;
pub use report::{Finding, MAX_FIGURES, MAX_NAME_BYTES, Report, Reports};
pub use requirements::{FaceAlone, IfUnsure, LivenessRules};
pub use signal::{Signal, Signals};
