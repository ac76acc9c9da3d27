//! Visitor passes at the camera: finds QR codes in pictures, and turns them into passes for the policy.
//!
//! It does not decide whether a pass lets somebody in. The text of a code is never logged: anybody who has it can use the
//! pass.

mod codes;
mod desk;
mod presented;
mod reading;

pub(crate) use codes::InTurn;
pub use codes::{CameraCodes, CodeReader, ScriptedCodes};
pub use desk::PassDesk;
