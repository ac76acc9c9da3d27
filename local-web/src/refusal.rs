//! Why a request is refused before the application decides about it.

use hyper::StatusCode;

/// Why a request is refused. [`Answer`](crate::Answer) is made from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The address is no path and query of this server, or its path leads to another folder.
    #[error("This address cannot be read.")]
    Target,
    /// The method is none of GET, HEAD and POST.
    #[error("This server only takes GET, HEAD and POST.")]
    Method,
    /// The request is for another host, or does not name one: a name of somebody else leads to this computer.
    #[error("This server only answers under the address in its link.")]
    Host,
    /// Another site's page has sent the request.
    #[error("A page of another site sent this request. Open the page from within the application.")]
    AnotherSite,
    /// A POST does not say from which page it comes.
    #[error("The browser does not say which page sent this form. Use a current browser.")]
    Origin,
    /// There is no cookie of this session.
    #[error(
        "This browser has no session here. Open the link that the program printed; if it was used, start the program again for a new one."
    )]
    Session,
    /// The link's token was used before, is too old, or is another one.
    #[error("This link was used before, or is too old. Start the program again for a new one.")]
    Link,
    /// The body is sent without its length.
    #[error("The length of the request is not stated.")]
    Length,
    /// The body is longer than this many bytes.
    #[error("The request is too long: at most {most} bytes are taken.")]
    TooLong {
        /// The most that is taken, in bytes.
        most: usize,
    },
    /// The body did not arrive in time.
    #[error("The request took too long to arrive.")]
    TooSlow,
    /// The connection broke off before the body was there.
    #[error("The connection broke off.")]
    Broken,
    /// The body was taken before.
    #[error("The request was read before.")]
    Taken,
    /// The body is of another type than the expected one.
    #[error("The request is not of the type {expected}.")]
    Type {
        /// The media type that is expected.
        expected: &'static str,
    },
    /// The form has an escape that is cut off, or is not UTF-8.
    #[error("The form cannot be read.")]
    Form,
}

impl Refusal {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        self.code().as_u16()
    }

    pub(crate) fn code(&self) -> StatusCode {
        match self {
            Self::Target | Self::Broken | Self::Form => StatusCode::BAD_REQUEST,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::AnotherSite | Self::Origin | Self::Session | Self::Link => StatusCode::FORBIDDEN,
            Self::Length => StatusCode::LENGTH_REQUIRED,
            Self::TooLong { .. } => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooSlow => StatusCode::REQUEST_TIMEOUT,
            Self::Taken => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Type { .. } => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        }
    }
}
