//! Why there is no review in an answer, and what HTTP says of it.

use crate::webhook::body::BodyError;
use axum::http::header::RETRY_AFTER;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

/// Why there is no review in the answer.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// What was sent is no review.
    #[error("{0}")]
    BadRequest(String),
    /// More than this many bytes.
    #[error("the body is larger than {0} bytes")]
    TooLarge(usize),
    /// Not now.
    #[error("{0}: come back in a second")]
    ComeBack(String),
    /// The body did not come within this many milliseconds.
    #[error("the body did not come within {0} ms")]
    Unsent(u128),
    /// Not within this many milliseconds.
    #[error("no answer within {0} ms")]
    Late(u128),
    /// Our fault.
    #[error("{0}")]
    Internal(String),
}

impl From<BodyError> for Failure {
    fn from(error: BodyError) -> Self {
        match error {
            BodyError::TooLarge(limit) => Failure::TooLarge(limit),
            BodyError::Overloaded => Failure::ComeBack(error.to_string()),
            BodyError::Broken(_) => Failure::BadRequest(error.to_string()),
        }
    }
}

impl IntoResponse for Failure {
    /// Plain text: the API server quotes the text of a 500 to the user.
    fn into_response(self) -> Response {
        let status = match self {
            Failure::BadRequest(_) => StatusCode::BAD_REQUEST,
            Failure::Unsent(_) => StatusCode::REQUEST_TIMEOUT,
            Failure::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            Failure::ComeBack(_) => StatusCode::SERVICE_UNAVAILABLE,
            Failure::Late(_) | Failure::Internal(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let mut response = (status, format!("seaworthy: {self}\n")).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            // With 0 the API server burns its ten tries in 10 ms.
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}
