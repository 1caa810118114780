//! Errors as RFC 9457 has them. What a program printed, a path or a cause inside kai stays in the log;
//! the caller gets what happened, to what, and what to do next.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use kai_tools::confirm::ConfirmError;
use kai_tools::journal::JournalError;
use kai_tools::operator::ProposeError;
use kai_tools::with_causes;
use schemars::JsonSchema;
use serde::Serialize;

use super::access::Scope;
use crate::turn::Refused;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    /// The HTTP status.
    pub(super) status: StatusCode,
    /// What happened, to what.
    pub(super) detail: String,
    /// What to do next.
    pub(super) hints: Vec<String>,
    /// The field that is wrong, for those who are told it apart.
    pub(super) field: Option<&'static str>,
    /// After so many seconds it is worth trying again.
    retry_after: Option<u64>,
}

/// The same as it is written.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "Problem")]
pub(super) struct Written {
    /// `about:blank`: the status says what kind it is.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The status in words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// What happened, to what.
    detail: String,
    /// What to do next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    hints: Vec<String>,
    /// What the log calls the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    request_id: Option<String>,
}

/// What a handler returns.
pub(super) type Answer<T> = Result<T, Problem>;

impl Problem {
    pub(super) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), hints: Vec::new(), field: None, retry_after: None }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// As it is written.
    pub(super) fn written(self) -> Written {
        Written {
            kind: "about:blank",
            title: self.status.canonical_reason().unwrap_or("Error"),
            status: self.status.as_u16(),
            detail: self.detail,
            hints: self.hints,
            request_id: super::log::request_id(),
        }
    }

    /// These in place of the hints that it has.
    pub(super) fn hints(self, hints: Vec<String>) -> Self {
        Self { hints, ..self }
    }

    /// It is about this field.
    pub(super) fn of(self, field: &'static str) -> Self {
        Self { field: Some(field), ..self }
    }

    fn retry(mut self, seconds: u64) -> Self {
        self.retry_after = Some(seconds);
        self
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    pub(super) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, detail)
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    pub(super) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, detail)
    }

    pub(super) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail)
    }

    /// Too much at once: it is worth trying again.
    pub(super) fn busy(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, detail).retry(2)
    }

    /// Too often.
    pub(super) fn too_many(seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "that was too often in a short time").retry(seconds.max(1))
    }

    /// A token that is none, or no token where one is needed.
    pub(super) fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, detail)
            .hint("`kai token add NAME --scope …` makes one; send it as `Authorization: Bearer kai_…`")
    }

    /// A scope is missing.
    pub(super) fn needs(scope: Scope) -> Self {
        let scope = scope.as_str();
        Self::forbidden(format!("this needs a token with the scope {scope}"))
            .hint(format!("`kai token add NAME --scope {}{scope}` makes one", if scope == "ask" { "" } else { "ask," }))
    }

    /// There is nothing to search.
    pub(super) fn no_index() -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "there is no index of documents yet")
            .hint("`kai corpus sync` fetches documentation, `kai index` makes it searchable")
            .retry(30)
    }

    /// The service serves no host.
    pub(super) fn no_host() -> Self {
        Self::not_found("this service only answers questions: it was started without a host")
    }

    /// Something that should not happen: the log has it, the caller gets its number.
    pub(super) fn internal(what: &str, error: &dyn std::error::Error) -> Self {
        tracing::error!(what, error = %with_causes(error), "failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, format!("{what} failed; the service's log says why"))
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let (status, retry_after, known) = (self.status, self.retry_after, self.clone());
        let mut response = (status, Json(self.written())).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"kai\""));
        }
        // For faces that write it in another form.
        response.extensions_mut().insert(known);
        response
    }
}

impl From<Refused> for Problem {
    fn from(refused: Refused) -> Self {
        Self { hints: refused.hints, ..Self::unprocessable(refused.message) }
    }
}

impl From<ProposeError> for Problem {
    fn from(error: ProposeError) -> Self {
        let hints = error.hints();
        match error {
            ProposeError::Refused(refusal) => Self { hints, ..Self::unprocessable(refusal.to_string()) },
            ProposeError::Observe(error) => {
                tracing::warn!(error = %with_causes(&error), "the host cannot be asked");
                Self { hints, ..Self::new(StatusCode::BAD_GATEWAY, "the host cannot be asked; the log says why") }
            }
            ProposeError::Journal(error) => error.into(),
        }
    }
}

impl From<JournalError> for Problem {
    fn from(error: JournalError) -> Self {
        match error {
            JournalError::Busy { .. } => Self::conflict("another operation is running on this host").retry(5),
            // An executor refused: its words are about the plan.
            JournalError::Unconfirmed(why) => Self::conflict(why),
            JournalError::Lost(_) => {
                tracing::error!(%error, "the executor broke off");
                let detail = "the executor broke off: it is not known whether the operation runs";
                Self::new(StatusCode::BAD_GATEWAY, detail).hint("look at the operations before approving it again")
            }
            JournalError::Elsewhere(_) => {
                tracing::error!(%error, "the executor could not do it");
                Self::new(StatusCode::BAD_GATEWAY, "the executor could not do it; the service's log says why")
            }
            JournalError::CarriedOut { ref op } => {
                Self::conflict(error.to_string()).hint(format!("GET /v1/operations/{op} says what came of it"))
            }
            JournalError::Ended { .. } => Self::conflict(error.to_string()),
            JournalError::File { .. } | JournalError::Broken { .. } => {
                tracing::error!(error = %with_causes(&error), "the journal cannot be used");
                let detail = "the journal cannot be used; the service's log says why";
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, detail).hints(error.hints())
            }
        }
    }
}

impl From<ConfirmError> for Problem {
    fn from(error: ConfirmError) -> Self {
        let detail = error.to_string();
        match error {
            ConfirmError::NeedsName { object } => {
                Self::unprocessable(detail).hint(format!("send its name as `name`: {object}"))
            }
            ConfirmError::WrongName { .. } => Self::unprocessable(detail),
            ConfirmError::OtherDigest { .. } => {
                Self::conflict(detail).hint("have it proposed anew: the new plan shows the host as it is now")
            }
            ConfirmError::Expired { .. } => Self::new(StatusCode::GONE, detail),
        }
    }
}
