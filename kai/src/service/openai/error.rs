//! Errors as OpenAI's clients know them: whatever goes wrong on the paths of this interface, before a handler
//! or in one, is written in that form.

use axum::body::Body;
use axum::extract::Request;
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::super::problem::Problem;

/// An error.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiError")]
pub(in crate::service) struct Mistake {
    error: What,
}

#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OpenAiErrorDetail")]
struct What {
    /// What happened, and what to do next.
    message: String,
    /// `invalid_request_error`, `rate_limit_error` or `server_error`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// The field that is wrong.
    param: Option<&'static str>,
    /// More about it, for programs.
    code: Option<&'static str>,
}

impl From<Problem> for Mistake {
    fn from(problem: Problem) -> Self {
        let Problem { status, detail, hints, field, .. } = problem;
        let kind = match status {
            StatusCode::TOO_MANY_REQUESTS => "rate_limit_error",
            status if status.is_server_error() => "server_error",
            _ => "invalid_request_error",
        };
        let code = match (status, field) {
            (StatusCode::UNAUTHORIZED, _) => Some("invalid_api_key"),
            (StatusCode::TOO_MANY_REQUESTS, _) => Some("rate_limit_exceeded"),
            (StatusCode::NOT_FOUND, Some("model")) => Some("model_not_found"),
            _ => None,
        };
        let message = [detail].into_iter().chain(hints).collect::<Vec<_>>().join("\n");
        Self { error: What { message, kind, param: field, code } }
    }
}

/// Writes problems on this interface's paths in its own form. Their headers stay.
pub(in crate::service) async fn errors(request: Request, next: Next) -> Response {
    let here = is_here(request.uri().path());
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>().filter(|_| here);
    let Some(problem) = problem else { return response };
    let written = json!(Mistake::from(problem)).to_string();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_LENGTH);
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    *response.body_mut() = Body::from(written);
    response
}

/// Whether a path is of this interface, or would be.
fn is_here(path: &str) -> bool {
    let of = |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    ["/v1/models", "/v1/chat", "/v1/completions", "/v1/embeddings"].into_iter().any(of)
}
