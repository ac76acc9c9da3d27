//! Says once what is wrong with the broker, and once that it is over.

use terminal::ShowPath;

/// What was said about the broker.
#[derive(Debug)]
pub(super) struct Trouble {
    broker: String,
    /// What is wrong.
    said: Option<String>,
    is_over: bool,
}

impl Trouble {
    /// Nothing was said yet about this broker.
    pub(super) fn with(broker: String) -> Self {
        Self { broker, said: None, is_over: false }
    }

    /// Says it, unless it was the last thing said.
    pub(super) fn say(&mut self, why: &str) {
        // A broker may choose a part of the words.
        let why = why.shown().to_string();
        if self.said.as_ref() == Some(&why) {
            tracing::debug!("the broker {}: {why}", self.broker);
            return;
        }
        tracing::warn!("the broker {}: {why}; the link tries again, and says this once", self.broker);
        self.said = Some(why);
        self.is_over = false;
    }

    /// A connection was made. For a broker that lets the link in and ends each connection, this too is said once.
    pub(super) fn connected(&mut self) {
        match &self.said {
            Some(_) if !self.is_over => tracing::warn!("the broker {}: connected again", self.broker),
            Some(_) => {}
            None => tracing::info!("the broker {}: connected", self.broker),
        }
        self.is_over = true;
    }

    /// The connection lasted: the next trouble is another one.
    pub(super) fn forget(&mut self) {
        self.said = None;
    }
}
