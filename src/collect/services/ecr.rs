//! Repositories of images: what ECR says of them.
//!
//! Knows: ECR's answers, and which images are old. Does not know: what any of it costs, or is used for; layers that images share.

use aws_sdk_ecr::Client;
use aws_sdk_ecr::types::{ImageDetail, Repository as Told};
use jiff::{SignedDuration, Timestamp};

use crate::collect::ask::{Asked, Call, Collector, Refusal, pages, time};
use crate::collect::session::{Session, client};
use crate::table;
use crate::table::inventory::Repository;
use crate::table::rows::Rows;

use super::each::{ask, ask_pages};
use super::{count, place, text};

const fn call(operation: &'static str) -> Call {
    Call { service: "ecr", operation }
}

const REPOSITORIES: Call = call("DescribeRepositories");
const LIFECYCLE: Call = call("GetLifecyclePolicy");
const IMAGES: Call = call("DescribeImages");

/// Largest page (Amazon ECR API reference, maxResults).
const PAGE: i32 = 1000;

/// How long an image was neither pushed nor pulled when it is old: the column OldImages says so.
const OLD: SignedDuration = SignedDuration::from_hours(90 * 24);

/// One for each table.
pub(in crate::collect) const COLLECTORS: &[Collector] =
    &[Collector::of(&table::ECR_REPOSITORIES, &[REPOSITORIES, LIFECYCLE, IMAGES], |session| {
        Box::pin(repositories(session))
    })];

async fn repositories(session: &Session) -> Asked {
    let client = client!(session, aws_sdk_ecr);
    let (mut rows, mut refused) = (Vec::<Repository>::new(), Vec::new());
    let sent = client.describe_repositories().into_paginator().page_size(PAGE).send();
    pages(REPOSITORIES, sent, &mut refused, |page| {
        rows.extend(page.repositories.unwrap_or_default().iter().filter_map(|one| repository(session, one)));
    })
    .await;
    let then = session.as_of.checked_sub(OLD).ok();
    for row in &mut rows {
        let Some(name) = row.repository.clone() else { continue };
        row.lifecycle_policy = lifecycle_policy(&client, &name, &mut refused).await;
        let sent = client.describe_images().repository_name(&name).into_paginator().page_size(PAGE).send();
        if let Some(told) = ask_pages(IMAGES, sent, &mut refused).await {
            fill(row, &told.iter().flat_map(|page| page.image_details()).collect::<Vec<_>>(), then);
        }
    }
    Asked { rows: Rows::of(rows), refused }
}

fn repository(session: &Session, one: &Told) -> Option<Repository> {
    let (account, region, id) = place(session, one.repository_arn())?;
    let (repository, created) = (text(one.repository_name()), time(one.created_at()));
    Some(Repository { account, region, id, repository, created, ..Repository::default() })
}

/// Whether a repository has a policy: that it has none is told as an error.
async fn lifecycle_policy(client: &Client, repository: &str, refused: &mut Vec<Refusal>) -> Option<bool> {
    let sent = client.get_lifecycle_policy().repository_name(repository).send();
    let told = async {
        match sent.await {
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_lifecycle_policy_not_found_exception()) =>
            {
                Ok(false)
            }
            answer => answer.map(|_| true),
        }
    };
    ask(LIFECYCLE, told, refused).await
}

/// Takes in the images of a repository; an image is old when it was neither pushed nor pulled since `then`.
fn fill(row: &mut Repository, images: &[&ImageDetail], then: Option<Timestamp>) {
    let size = |images: &[&ImageDetail]| images.iter().map(|one| one.image_size_in_bytes()).sum::<Option<i64>>();
    let untagged: Vec<&ImageDetail> = images.iter().copied().filter(|one| one.image_tags().is_empty()).collect();
    row.images = count(images);
    row.size = size(images);
    row.untagged = count(&untagged);
    row.untagged_size = size(&untagged);
    row.pushed = images.iter().filter_map(|one| time(one.image_pushed_at())).max();
    row.pulled = images.iter().filter_map(|one| time(one.last_recorded_pull_time())).max();
    if let Some(old) = then.and_then(|then| old(images, then)) {
        row.old_images = count(&old);
        row.old_size = size(&old);
    }
}

/// Images that were neither pushed nor pulled since then; `None`: one does not say when it was pushed.
fn old<'a>(images: &[&'a ImageDetail], then: Timestamp) -> Option<Vec<&'a ImageDetail>> {
    let mut old = Vec::new();
    for one in images {
        let pulled = time(one.last_recorded_pull_time());
        if time(one.image_pushed_at())? < then && pulled.is_none_or(|pulled| pulled < then) {
            old.push(*one);
        }
    }
    Some(old)
}

#[cfg(test)]
mod tests {
    use aws_smithy_types::DateTime;

    use super::*;

    /// An image of so many bytes, pushed and pulled so many days after 1970.
    fn image(bytes: i64, tag: Option<&str>, pushed: i64, pulled: Option<i64>) -> ImageDetail {
        let day = |day: i64| DateTime::from_secs(day * 86_400);
        ImageDetail::builder()
            .image_size_in_bytes(bytes)
            .set_image_tags(tag.map(|tag| vec![tag.to_owned()]))
            .image_pushed_at(day(pushed))
            .set_last_recorded_pull_time(pulled.map(day))
            .build()
    }

    fn filled(images: &[ImageDetail]) -> Repository {
        let then = Timestamp::from_second(1000 * 86_400).unwrap();
        let mut row = Repository::default();
        fill(&mut row, &images.iter().collect::<Vec<_>>(), Some(then));
        row
    }

    #[test]
    fn an_image_is_old_when_it_was_neither_pushed_nor_pulled_since() {
        let row = filled(&[
            image(1, Some("never pulled"), 999, None),
            image(2, None, 900, Some(999)),
            image(4, Some("pulled"), 900, Some(1000)),
            image(8, None, 1000, None),
        ]);
        assert_eq!((row.images, row.size), (Some(4), Some(15)));
        assert_eq!((row.untagged, row.untagged_size), (Some(2), Some(10)));
        assert_eq!((row.old_images, row.old_size), (Some(2), Some(3)));
        let last = Timestamp::from_second(1000 * 86_400).ok();
        assert_eq!((row.pushed, row.pulled), (last, last));
    }

    #[test]
    fn what_an_image_does_not_say_makes_the_sums_unknown() {
        let row = filled(&[image(1, Some("a"), 999, None), ImageDetail::builder().build()]);
        assert_eq!((row.images, row.size, row.untagged_size, row.old_images), (Some(2), None, None, None));
        let row = filled(&[]);
        assert_eq!((row.images, row.size, row.old_images, row.pushed), (Some(0), Some(0), Some(0), None));
    }
}
