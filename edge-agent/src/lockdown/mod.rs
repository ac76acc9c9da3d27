//! Whether the unit is locked down: by an order or a request, or by the switch. What a lockdown means for
//! people is decided in `policy`.
//!
//! Both must be off for the lockdown to end. An order survives a restart; the switch is read again.

mod file;
mod report;

pub use file::LockdownFile;
pub(crate) use report::{LockdownReport, in_words, source_in_words};

use file::Kept;
use policy::Lockdown;
use shared::gallery::Gallery;
use std::io;

/// A lockdown that somebody ordered.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ordered {
    /// The group whose members may still enter; nobody if `None`.
    pub admits: Option<String>,
}

/// What locks a unit down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A request on the control socket.
    Command,
    /// The switch.
    Switch,
    /// An order from before the restart.
    Restart,
    /// The file with the order is damaged.
    DamagedFile,
    /// A request of the link.
    Link,
    /// A signed order of the workstation.
    SignedOrder,
}

impl Source {
    /// The stable code, in snake_case.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Command => "command",
            Self::Switch => "switch",
            Self::Restart => "restart",
            Self::DamagedFile => "damaged_file",
            Self::Link => "link",
            Self::SignedOrder => "signed_order",
        }
    }
}

/// The state of both.
#[derive(Default)]
pub struct Lockdowns {
    file: Option<LockdownFile>,
    ordered: Option<(Source, Ordered)>,
    /// Why the order could not be saved.
    unsaved: Option<String>,
    is_switch_on: bool,
    /// What the switch orders while it is on.
    switch: Ordered,
}

impl Lockdowns {
    /// Reads the order from before the restart. The switch admits this group.
    pub fn restored(mut file: LockdownFile, switch_admits: Option<String>) -> Self {
        let ordered = match file.read() {
            Kept::Nothing => None,
            Kept::Lockdown(ordered) => Some((Source::Restart, ordered)),
            Kept::Damaged(why) => {
                tracing::error!(
                    "THE UNIT IS LOCKED DOWN, because the file with the last order {why}; \
                     `edge-agent lockdown off` writes a new one"
                );
                Some((Source::DamagedFile, Ordered { admits: None }))
            }
        };
        Self {
            file: Some(file),
            ordered,
            unsaved: None,
            is_switch_on: false,
            switch: Ordered { admits: switch_admits },
        }
    }

    /// Whether this order can only keep people out: it admits nobody, or there is no other order in force that it would
    /// replace.
    pub fn only_tightens(&self, ordered: &Ordered) -> bool {
        ordered.admits.is_none() || self.ordered.as_ref().is_none_or(|(_, before)| before == ordered)
    }

    /// Replaces the order that is in force by one that may admit other people.
    ///
    /// # Errors
    /// If it cannot be saved; the one before stays in force then.
    pub fn replace_order(&mut self, ordered: Ordered, by: Source) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.save(Some(&ordered)))?;
        (self.ordered, self.unsaved) = (Some((by, ordered)), None);
        Ok(())
    }

    /// Locks down by order. The order is in force even if it cannot be saved.
    ///
    /// # Errors
    /// If a restart may end it.
    pub fn order(&mut self, ordered: Ordered, by: Source) -> io::Result<()> {
        let saved = self.file.as_mut().map_or(Ok(()), |file| file.save(Some(&ordered)));
        self.unsaved = saved.as_ref().err().map(io::Error::to_string);
        self.ordered = Some((by, ordered));
        saved
    }

    /// Why a restart may end the order that is in force; `None` if it does not.
    pub fn unsaved(&self) -> Option<&str> {
        self.unsaved.as_deref()
    }

    /// Ends the ordered lockdown.
    ///
    /// # Errors
    /// If that cannot be saved; the lockdown then stays in force.
    pub fn end_order(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), |file| file.save(None))?;
        (self.ordered, self.unsaved) = (None, None);
        Ok(())
    }

    /// The order that is in force, and where it comes from.
    pub fn ordered(&self) -> Option<(Source, &Ordered)> {
        self.ordered.as_ref().map(|(source, ordered)| (*source, ordered))
    }

    /// Takes the state of the switch.
    pub fn set_switch(&mut self, is_on: bool) {
        self.is_switch_on = is_on;
    }

    /// Whether the switch is on.
    pub fn is_switch_on(&self) -> bool {
        self.is_switch_on
    }

    /// The group that may still enter while the switch is on; nobody if `None`.
    pub fn switch_admits(&self) -> Option<&str> {
        self.switch.admits.as_deref()
    }

    /// What locks the unit down now, with the groups that may still enter.
    pub fn in_force(&self) -> impl Iterator<Item = (Source, &Ordered)> {
        let switch = self.is_switch_on.then_some((Source::Switch, &self.switch));
        self.ordered().into_iter().chain(switch)
    }

    /// The lockdown for the people of a database: it admits those that everything in force admits. `None` if nothing is.
    pub fn for_people(&self, gallery: &Gallery) -> Option<Lockdown> {
        self.in_force().next()?;
        let is_admitted = |groups: &[String]| {
            self.in_force().all(|(_, ordered)| ordered.admits.as_ref().is_some_and(|group| groups.contains(group)))
        };
        let admitted = gallery.people().iter().filter(|person| is_admitted(&person.details.groups));
        Some(Lockdown::admitting(admitted.map(|person| person.id)))
    }
}

/// Whether this is the content of a file with an order, for fuzzing.
pub(crate) fn is_order(text: &[u8]) -> bool {
    !matches!(file::parse(text), Kept::Damaged(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared::gallery::{
        Details, GalleryBuilder, ModelHash, NewEncoding, NewPerson, PersonId, PersonName, PhotoDigest,
    };

    fn gallery(groups_of_each: &[&[&str]]) -> Gallery {
        let mut builder = GalleryBuilder::new(1, ModelHash([0; 32]), 2).unwrap();
        for (groups, number) in groups_of_each.iter().zip(0_u8..) {
            let encoding = shared::encoding::Encoding::from_network(&[1.0, 0.5]).unwrap();
            let details =
                Details { groups: groups.iter().map(|&group| group.to_owned()).collect(), ..Details::default() };
            let face = NewEncoding { encoding, photo: PhotoDigest([0; 8]), made_at: 0, is_plain: true };
            let name = PersonName::parse(&format!("Person {number}")).unwrap();
            builder.add_person(NewPerson { id: PersonId([number; 16]), name, details, encodings: vec![face] }).unwrap();
        }
        builder.build()
    }

    #[test]
    fn a_lockdown_admits_those_that_every_order_admits() {
        let people = gallery(&[&[], &["wardens"], &["wardens", "medics"]]);
        let ordered = |admits: Option<&str>| Some(Ordered { admits: admits.map(str::to_owned) });
        for (order, switch, expected) in [
            (None, None, None),
            (ordered(None), None, Some(vec![])),
            (ordered(Some("wardens")), None, Some(vec![1, 2])),
            (ordered(Some("nobody")), None, Some(vec![])),
            (None, ordered(Some("medics")), Some(vec![2])),
            (ordered(Some("wardens")), ordered(Some("medics")), Some(vec![2])),
            (ordered(Some("wardens")), ordered(None), Some(vec![])),
        ] {
            let is_switch_on = switch.is_some();
            let ordered = order.clone().map(|order| (Source::Command, order));
            let lockdowns = Lockdowns {
                file: None,
                ordered,
                unsaved: None,
                is_switch_on,
                switch: switch.clone().unwrap_or_default(),
            };
            let admitted = lockdowns.for_people(&people).map(|lockdown| {
                (0_u8..3).filter(|number| lockdown.admits(PersonId([*number; 16]))).collect::<Vec<_>>()
            });
            assert_eq!(admitted, expected, "{order:?} {switch:?}");
        }
    }

    #[test]
    fn an_order_survives_a_restart_and_damage_locks_down() {
        let files = files::Memory::default();
        let restart = || Lockdowns::restored(LockdownFile::new(Box::new(files.clone()), "l"), None);
        let sources = |lockdowns: &Lockdowns| lockdowns.in_force().map(|(source, _)| source).collect::<Vec<_>>();
        let mut first = restart();
        assert_eq!(sources(&first), []);
        first.order(Ordered { admits: None }, Source::Command).unwrap();
        assert_eq!(sources(&first), [Source::Command]);
        let mut second = restart();
        assert_eq!(sources(&second), [Source::Restart]);
        second.set_switch(true);
        second.end_order().unwrap();
        assert_eq!(sources(&second), [Source::Switch]);
        second.set_switch(false);
        assert_eq!((sources(&second), sources(&restart())), (vec![], vec![]));
        files::Storage::replace(&mut files.clone(), "l", b"?").unwrap();
        assert_eq!(sources(&restart()), [Source::DamagedFile]);
    }

    #[test]
    fn a_lockdown_that_cannot_be_ended_on_the_disk_stays() {
        let files = files::Memory::default();
        let mut lockdowns = Lockdowns::restored(LockdownFile::new(Box::new(files.clone()), "l"), None);
        files.fail_at(Some(files::Operation::Rename));
        assert!(lockdowns.order(Ordered { admits: None }, Source::Command).is_err());
        assert_eq!(lockdowns.in_force().count(), 1, "in force, although a restart would forget it");
        assert!(lockdowns.unsaved().is_some());
        assert!(lockdowns.end_order().is_err());
        assert_eq!(lockdowns.in_force().count(), 1);
        files.fail_at(None);
        lockdowns.order(Ordered { admits: None }, Source::Command).unwrap();
        assert_eq!(lockdowns.unsaved(), None);
    }
}
