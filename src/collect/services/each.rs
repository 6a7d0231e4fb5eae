//! Questions that are asked of one resource after another, and several words as one.
//!
//! Knows: what was refused once is not asked again. Does not know: services.

use std::collections::BTreeSet;
use std::error::Error;

use aws_smithy_async::future::pagination_stream::PaginationStream;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use crate::collect::ask::{Call, Failure, Refusal, pages};

use super::text;

/// Whether the next resource would be refused like the one before it.
pub(super) fn closed(call: Call, refused: &[Refusal]) -> bool {
    let for_all = |failure| matches!(failure, Failure::Denied | Failure::Closed | Failure::Expired);
    refused.iter().any(|refusal| refusal.call == call && for_all(refusal.failure))
}

/// One answer; `None`: none came.
pub(super) async fn ask<T, E: ProvideErrorMetadata + Error + 'static>(
    call: Call,
    sent: impl Future<Output = Result<T, SdkError<E, HttpResponse>>>,
    refused: &mut Vec<Refusal>,
) -> Option<T> {
    if closed(call, refused) {
        return None;
    }
    match sent.await {
        Ok(answer) => Some(answer),
        Err(error) => {
            refused.push(Refusal::of(call, &error));
            None
        }
    }
}

/// All of an answer's pages; `None`: not all came.
pub(super) async fn ask_pages<T, E: ProvideErrorMetadata + Error + 'static>(
    call: Call,
    sent: PaginationStream<Result<T, SdkError<E, HttpResponse>>>,
    refused: &mut Vec<Refusal>,
) -> Option<Vec<T>> {
    if closed(call, refused) {
        return None;
    }
    let (mut all, before) = (Vec::new(), refused.len());
    pages(call, sent, refused, |page| all.push(page)).await;
    (refused.len() == before).then_some(all)
}

/// Words, each once, sorted, joined by a space; `None`: there are none.
pub(super) fn joined<'a>(words: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let all: BTreeSet<&str> = words.into_iter().collect();
    text(Some(&all.into_iter().collect::<Vec<_>>().join(" ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_denied_is_not_asked_again_and_what_broke_off_is() {
        let call = |operation| Call { service: "ecr", operation };
        let refusal = |failure| Refusal { call: call("DescribeImages"), failure, code: None, message: String::new() };
        assert!(closed(call("DescribeImages"), &[refusal(Failure::Other), refusal(Failure::Denied)]));
        assert!(!closed(call("DescribeImages"), &[refusal(Failure::Unreachable), refusal(Failure::Other)]));
        assert!(!closed(call("GetLifecyclePolicy"), &[refusal(Failure::Denied)]));
    }

    #[test]
    fn words_are_sorted_and_none_are_nothing() {
        assert_eq!(joined(["m5.large", "c5.large", "m5.large"]).as_deref(), Some("c5.large m5.large"));
        assert_eq!(joined([]), None);
    }
}
