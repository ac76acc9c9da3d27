//! A request of the browser, with its body read. Every text in it is hostile.

use local_web::{Asked, Method, Pairs, Refusal};

/// The largest picture of a webcam, in bytes; one of 1280x720 pixels has about 200 KiB.
const WEBCAM_BYTES: usize = 4 << 20;
/// The largest photo that can be dropped on a page, in bytes.
const PHOTO_BYTES: usize = 48 << 20;

/// What came with a request.
#[derive(Debug)]
pub(super) enum Body {
    Nothing,
    Form(Pairs),
    Bytes(Vec<u8>),
}

/// What is asked.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) parts: Vec<String>,
    pub(super) query: Pairs,
    pub(super) body: Body,
}

impl Request {
    /// Reads the body, whose size depends on the path.
    ///
    /// # Errors
    /// [`Refusal`]
    pub(super) async fn read(asked: &mut Asked) -> Result<Self, Refusal> {
        let parts = asked.parts().to_vec();
        let names: Vec<&str> = parts.iter().map(String::as_str).collect();
        let body = match (asked.method(), &names[..]) {
            (Method::Get, _) => Body::Nothing,
            (Method::Post, ["enrol" | "check", "look"]) => Body::Bytes(asked.bytes(WEBCAM_BYTES).await?.into()),
            (Method::Post, ["enrol" | "check", "photo"]) => Body::Bytes(asked.bytes(PHOTO_BYTES).await?.into()),
            (Method::Post, _) => Body::Form(asked.form().await?),
        };
        Ok(Self { method: asked.method(), parts, query: asked.query().clone(), body })
    }

    /// A value of the form; empty if there is none.
    pub(super) fn form(&self, name: &str) -> &str {
        self.one(name).unwrap_or_default()
    }

    /// A value of the form; `None` if there is none, or more than one.
    pub(super) fn one(&self, name: &str) -> Option<&str> {
        match &self.body {
            Body::Form(pairs) => pairs.one(name),
            _ => None,
        }
    }

    /// All values of the form with this name.
    pub(super) fn all(&self, name: &str) -> Vec<&str> {
        match &self.body {
            Body::Form(pairs) => pairs.all(name).collect(),
            _ => Vec::new(),
        }
    }

    /// A value of the query; empty if there is none.
    pub(super) fn query(&self, name: &str) -> &str {
        self.query.one(name).unwrap_or_default()
    }

    /// The bytes that were sent; empty if it is a form.
    pub(super) fn bytes(&self) -> &[u8] {
        match &self.body {
            Body::Bytes(bytes) => bytes,
            _ => &[],
        }
    }
}
