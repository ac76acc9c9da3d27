//! Why an order is refused.

use shared::gallery::Audience;

/// Why a genuine order is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    /// It is for other doors.
    #[error("the order is for {0}, not for this door")]
    OtherDoors(Audience),
    /// It was carried out already, or a later one was.
    #[error("the order has the number {number}, and an order with the number {last} was carried out: send a new one")]
    Old {
        /// Its number.
        number: u64,
        /// The largest number so far.
        last: u64,
    },
    /// It may have been carried out: the unit has lost the number of the last order.
    #[error("the unit has lost the number of the last order, and this one may have been carried out: send a new one")]
    MayBeOld,
    /// It came too late.
    #[error("the order has expired: send a new one")]
    Expired,
    /// It is from the future.
    #[error("the order was signed more than a day from now: correct the clock of the workstation, and send a new one")]
    TooEarly,
    /// It could let in more people, and the unit cannot tell whether it has expired.
    #[error("the unit does not know the time, so it carries out only orders that keep people out")]
    ClockUnknown,
}
