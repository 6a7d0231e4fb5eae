//! What can go wrong with bills in S3, in words that say what to do.
//!
//! Knows: the error codes of S3 (API reference, "Error responses") and the permission or step behind each. Does not know: how
//! anything is asked. No message shows an answer whole: some repeat the key id and what was signed.

use std::io;
use std::path::Path;

const AGAIN: &str = "run it again; with --cache DIR, what is complete is not copied again";
const BY_HAND: &str = "copy it with aws s3 sync and review the folder";
pub(super) const LOG_IN: &str =
    "set AWS_PROFILE, run aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";

/// Why bills could not be copied.
#[derive(Debug, thiserror::Error)]
pub enum BillsError {
    /// What was asked makes no sense.
    #[error("{subject}: {what}\nhelp: {help}")]
    Usage {
        /// URI, endpoint or file.
        subject: String,
        /// What is wrong.
        what: String,
        /// What to do.
        help: String,
    },
    /// No object, or none with the name of a billing file.
    #[error("{uri}: {what}\nhelp: {help}")]
    Nothing {
        /// The URI.
        uri: String,
        /// What was looked for.
        what: String,
        /// What to do.
        help: String,
    },
    /// S3 refused or broke off, or a key is none that can be copied.
    #[error("{uri}: {what}\nhelp: {help}")]
    Refused {
        /// The URI of the object or folder.
        uri: String,
        /// What happened.
        what: String,
        /// What to do.
        help: String,
    },
    /// The bucket is not in the region that was asked.
    #[error(
        "{uri}: the bucket is in {}\nhelp: name it: --region {}",
        .region.as_deref().unwrap_or("another region"),
        .region.as_deref().unwrap_or("REGION")
    )]
    Region {
        /// The URI.
        uri: String,
        /// The right one, when S3 says so.
        region: Option<String>,
    },
    /// The local disk.
    #[error("{path}: {cause}")]
    Disk {
        /// File or folder.
        path: String,
        /// What the system says.
        cause: io::Error,
    },
}

pub(super) fn usage(subject: &str, what: impl Into<String>, help: &str) -> BillsError {
    BillsError::Usage { subject: subject.into(), what: what.into(), help: help.into() }
}

pub(super) fn refused(uri: &str, what: impl Into<String>, help: impl Into<String>) -> BillsError {
    BillsError::Refused { uri: uri.into(), what: what.into(), help: help.into() }
}

pub(super) fn disk(path: &Path) -> impl Fn(io::Error) -> BillsError {
    let path = path.display().to_string();
    move |cause| BillsError::Disk { path: path.clone(), cause }
}

/// It broke off on the way.
pub(super) fn broken(uri: &str, what: String) -> BillsError {
    refused(uri, what, AGAIN)
}

pub(super) fn changed(uri: &str) -> BillsError {
    let help = "wait until the delivery is complete, then run it again";
    refused(uri, "changed while it was copied", help)
}

/// A key that cannot be a file's path.
pub(super) fn odd(uri: &str) -> BillsError {
    let what = "no file can have this path: a part of it is nameless, . or .., or has a control character";
    refused(uri, what, BY_HAND)
}

pub(super) fn elsewhere(uri: &str, listed: &str) -> BillsError {
    refused(uri, format!("lists {listed}, which is in another bucket"), BY_HAND)
}

/// The cause that says what happened; the outer ones say only that something did.
pub(super) fn innermost(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

/// What was asked of S3.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) bucket: &'a str,
    pub(super) anonymous: bool,
    /// A listing, not an object.
    pub(super) listing: bool,
}

/// What an answer means. The store keeps its causes to itself, so its words are read, which hold the body of the answer.
pub(super) fn meaning(uri: &str, error: &object_store::Error, asked: Asked<'_>) -> BillsError {
    let text = error.to_string();
    let within = |tag: &str| {
        let (_, rest) = text.split_once(&format!("<{tag}>"))?;
        rest.split_once("</").map(|(inner, _)| inner.to_owned())
    };
    let status = |code: &str| text.contains(&format!("status code: {code}"));
    let said = within("Message").map_or(String::new(), |message| format!(": {message}"));
    match within("Code").as_deref().unwrap_or_default() {
        "NoSuchBucket" => refused(uri, "there is no such bucket", "aws s3 ls lists the buckets of your account"),
        "AuthorizationHeaderMalformed" | "PermanentRedirect" | "TemporaryRedirect" => {
            BillsError::Region { uri: uri.into(), region: within("Region") }
        }
        "ExpiredToken" | "TokenRefreshRequired" => {
            refused(uri, "the session of these credentials has expired", format!("{LOG_IN}; {AGAIN}"))
        }
        code @ ("InvalidAccessKeyId" | "InvalidToken" | "SignatureDoesNotMatch") => {
            refused(uri, format!("the credentials are not accepted ({code})"), LOG_IN)
        }
        "RequestTimeTooSkewed" => {
            refused(uri, "the clock of this machine is wrong", "set it: signatures carry the time")
        }
        "InvalidObjectState" => {
            let help = "restore it in S3, or name a prefix without it, such as that of a month";
            refused(uri, "is archived (Glacier) and cannot be read", help)
        }
        "PreconditionFailed" => changed(uri),
        "AccessDenied" | "" if status("403") => refused(uri, format!("access denied{said}"), permission(&said, asked)),
        "NoSuchKey" | "" if status("404") => {
            let help = format!("aws s3 ls s3://{}/ lists what there is; a folder ends with a slash", asked.bucket);
            BillsError::Nothing { uri: uri.into(), what: "there is no such object".into(), help }
        }
        "" if status("412") => changed(uri),
        "" if status("301") || status("307") || text.contains("redirect without LOCATION") => {
            BillsError::Region { uri: uri.into(), region: None }
        }
        "" if matches!(error, object_store::Error::InvalidPath { .. }) => odd(&format!("{uri}: {}", innermost(error))),
        "" => {
            let what = innermost(error).lines().next().unwrap_or_default().chars().take(200).collect::<String>();
            refused(uri, what, format!("check the network and --s3-endpoint, then {AGAIN}"))
        }
        code => broken(uri, format!("S3 answered {code}{said}")),
    }
}

/// What to grant where access was denied.
fn permission(said: &str, asked: Asked<'_>) -> String {
    let Asked { bucket, anonymous, listing } = asked;
    if anonymous {
        return "leave --no-sign-request out: the bucket is not public".into();
    }
    if said.contains("kms:") {
        return "grant kms:Decrypt on the key that encrypts the bucket".into();
    }
    let read = format!("s3:GetObject on arn:aws:s3:::{bucket}/*");
    match listing {
        true => format!("grant s3:ListBucket on arn:aws:s3:::{bucket} and {read}"),
        false => format!("grant {read}; without s3:ListBucket, a missing object is denied as well"),
    }
}
