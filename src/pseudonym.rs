//! What stands for an id or a name: always the same under one key, of the same shape, and without a way back.
//!
//! Knows: the shapes of ids (accounts, GUIDs, e-mail addresses, AWS ids and ARNs, Azure's and Google's paths, OCIDs) and which of
//! their parts say what a thing is; remembers what it replaced and what it let stand. Does not know: columns.
//!
//! A path or an ARN is replaced part by part, so that an id in it and the same id alone keep meeting. Parts are digested in lower
//! case, because Azure writes one id in several; the case of the pseudonym tells spellings apart.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use hmac::{Hmac, KeyInit, Mac};
use regex::Regex;
use sha2::Sha256;

/// Names remembered to be looked for afterwards.
const MOST_NAMES: usize = 200_000;

/// What rule pages read of a name, and what therefore stays of it: that the thing waits for a failover or a disaster …
static WAITS: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new("(?i)asr-?replica|replica|stand-?by|failover|[-_.]dr(?:[-_.0-9]|$)").ok());
/// … which node of a cache it is …
static NODE: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("^(.+?)((?:-[0-9]{4})?-[0-9]{3})$").ok());
/// … and that it is the system disk of a machine, after which Azure names it.
static SYSTEM_DISK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new("(?i)^(.+)(_osdisk_1_)[0-9a-f]{32}$").ok());

/// Bytes of the shortest key.
pub const SHORTEST_KEY: usize = 16;

/// The key can be guessed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the key has {0} bytes, fewer than 16\nhelp: make one with: head -c 32 /dev/urandom > redact.key, and keep it to yourself"
)]
pub struct ShortKey(pub usize);

/// Parts of ids that stay.
struct Words {
    /// Structural words of ARNs.
    arns: HashSet<&'static str>,
    /// Structural words of paths.
    paths: HashSet<&'static str>,
    /// Starts of AWS ids.
    prefixes: HashSet<&'static str>,
}

/// `words.txt`, read once.
fn words() -> &'static Words {
    static WORDS: LazyLock<Words> = LazyLock::new(|| {
        let of = |wanted: &'static str| {
            sections(include_str!("pseudonym/words.txt"))
                .filter(move |(section, _)| *section == wanted)
                .map(|(_, word)| word)
        };
        Words { arns: of("words").collect(), paths: of("places").collect(), prefixes: of("prefixes").collect() }
    });
    &WORDS
}

/// Words of a list, each with its section.
pub(crate) fn sections(list: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    let mut section = "";
    list.lines().filter(|line| !line.starts_with('#')).flat_map(move |line| {
        let head = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        section = head.unwrap_or(section);
        let words = if head.is_some() { "" } else { line };
        let of = section;
        words.split_whitespace().map(move |word| (of, word))
    })
}

/// What stands before a key of the client's in a column name or a map.
pub(crate) const BEFORE_KEYS: [&str; 8] =
    ["resourceTags/", "resource_tags_", "costCategory/", "cost_category_", "accountTag/", "tags/", "user:", "user_"];

/// Makes pseudonyms under one key.
pub(crate) struct Pseudonyms {
    mac: Hmac<Sha256>,
    replaced: BTreeSet<String>,
    kept: HashSet<String>,
}

/// Which part of an Azure id comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Next {
    Any,
    Type,
    Name,
}

impl Pseudonyms {
    /// Under a key.
    pub(crate) fn new(key: &[u8]) -> Result<Self, ShortKey> {
        let mac = Hmac::<Sha256>::new_from_slice(key).map_err(|_| ShortKey(key.len()))?;
        // Words of ours, or of file formats.
        let kept = ["None", "NULL", "null", "true", "false", "example.com"].map(str::to_owned).into();
        Ok(Pseudonyms { mac, replaced: BTreeSet::new(), kept })
    }

    /// What was replaced, part by part, as it was written.
    pub(crate) fn replaced(&self) -> impl Iterator<Item = &str> {
        self.replaced.iter().map(String::as_str)
    }

    /// Whether a text was replaced.
    #[cfg(feature = "aws")]
    pub(crate) fn has(&self, text: &str) -> bool {
        self.replaced.contains(text)
    }

    /// What was let stand.
    pub(crate) fn kept(&self) -> impl Iterator<Item = &str> {
        self.kept.iter().map(String::as_str)
    }

    /// Notes a text that stands, unless it is a number; whether it was new.
    pub(crate) fn remember(&mut self, text: &str) -> bool {
        let news = text.chars().any(char::is_alphabetic) && !self.kept.contains(text);
        news && self.kept.insert(text.to_owned())
    }

    /// Lets a text stand.
    pub(crate) fn keep<'a>(&mut self, text: &'a str) -> &'a str {
        self.remember(text);
        text
    }

    /// The pseudonym of a value; empty text and spellings of nothing stay.
    pub(crate) fn id(&mut self, text: &str) -> String {
        let value = text.trim_matches(' ');
        if matches!(value, "" | "NULL" | "None") {
            return text.to_owned();
        }
        // Blanks around it stay: they may tell two values apart.
        text.replacen(value, &self.value(value), 1)
    }

    /// The pseudonym of a tag key, behind what stands before it; keys that AWS makes stay.
    pub(crate) fn tag_key(&mut self, key: &str) -> String {
        let mut own = key;
        while let Some(rest) = BEFORE_KEYS.iter().find_map(|start| own.strip_prefix(start)) {
            own = rest;
        }
        let (start, _) = key.split_at(key.len() - own.len());
        let of_aws = own.starts_with("aws:") || (own.starts_with("aws_") && start.starts_with("resource_tags_"));
        if of_aws && own.chars().all(|c| c.is_ascii_alphanumeric() || "-_:./".contains(c)) {
            return self.keep(key).to_owned();
        }
        let start = self.keep(start).to_owned();
        if own.is_empty() { start } else { start + &self.name(own) }
    }

    fn value(&mut self, text: &str) -> String {
        if let Some(arn) = self.arn(text) {
            return arn;
        }
        if is_address(text) && !text.contains(|c: char| c.is_whitespace() || "/:".contains(c)) {
            return format!("r{}@example.com", self.hex("mail", text, 10));
        }
        if text.starts_with("ocid1.") {
            return self.ocid(text);
        }
        if text.contains('/') && !text.contains(char::is_whitespace) { self.path(text) } else { self.part(text) }
    }

    /// Partition, service and region stay, and the words of the resource that say what it is.
    fn arn(&mut self, text: &str) -> Option<String> {
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, region, account, resource] = parts.as_slice() else { return None };
        if !partition.starts_with("aws") || ![partition, service, region].iter().all(|part| is_plain(part)) {
            return None;
        }
        let start = self.keep(&format!("arn:{partition}:{service}:{region}")).to_owned();
        let account = if *account == "aws" { "aws".to_owned() } else { self.part(account) };
        let mut out = format!("{start}:{account}:");
        let mut rest = *resource;
        while let Some(at) = rest.find([':', '/']) {
            let (part, tail) = rest.split_at(at);
            let (mark, tail) = tail.split_at(1);
            let known = words().arns.contains(part.to_lowercase().as_str());
            out.push_str(&if known { self.keep(part).to_owned() } else { self.part(part) });
            out.push_str(mark);
            rest = tail;
        }
        // The last part is which one it is, whatever it is called.
        Some(out + &self.part(rest))
    }

    /// Type, realm and region stay; what follows is the tenant's.
    fn ocid(&mut self, text: &str) -> String {
        let parts: Vec<&str> = text.split('.').collect();
        let (start, own) = parts.split_at(parts.len().min(4));
        if own.is_empty() || !start.iter().all(|part| is_plain(part)) {
            return self.part(text);
        }
        let mut out = vec![self.keep(&start.join(".")).to_owned()];
        out.extend(own.iter().map(|part| self.part(part)));
        out.join(".")
    }

    /// Azure's `/subscriptions/…/providers/Microsoft.X/type/name`, Google's `//host/projects/…/zones/…`, and any other path.
    fn path(&mut self, text: &str) -> String {
        let parts: Vec<&str> = text.split('/').collect();
        let mut before = String::new();
        let mut next = Next::Any;
        let mut out = Vec::with_capacity(parts.len());
        for (at, part) in parts.iter().enumerate() {
            if part.is_empty() {
                out.push(String::new());
                continue;
            }
            let folded = part.to_lowercase();
            let (stays, then) = match before.as_str() {
                "providers" if folded.contains('.') && is_plain(&folded.replace('.', "")) => (true, Next::Type),
                _ if next == Next::Type
                    && folded != "providers"
                    && folded.bytes().all(|b| b.is_ascii_alphanumeric()) =>
                {
                    (true, Next::Name)
                }
                _ if next == Next::Name => (false, Next::Type),
                "resourcegroups" | "subscriptions" | "projects" | "folders" | "organizations" => (false, Next::Any),
                "zones" | "regions" | "locations"
                    if is_plain(&folded) && folded.contains(|c: char| c.is_ascii_digit()) =>
                {
                    (true, Next::Any)
                }
                _ if at == 2 && text.starts_with("//") && folded.ends_with(".googleapis.com") => (true, Next::Any),
                // `app/shop/1` and `service/web/shop` are the ends of ARNs.
                _ if !text.starts_with('/') && at + 1 < parts.len() && words().arns.contains(folded.as_str()) => {
                    (true, Next::Any)
                }
                _ => (at + 1 < parts.len() && words().paths.contains(folded.as_str()), Next::Any),
            };
            out.push(if stays { self.keep(part).to_owned() } else { self.part(part) });
            (before, next) = (folded, then);
        }
        out.join("/")
    }

    /// One part of an id, or an id without parts.
    fn part(&mut self, text: &str) -> String {
        if !text.contains(char::is_alphanumeric) {
            return text.to_owned();
        }
        if text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit()) {
            let digest = self.digest("account", text);
            let number = digest.iter().take(8).fold(0_u64, |number, byte| (number << 8) | u64::from(*byte));
            return format!("{:012}", number % 1_000_000_000_000);
        }
        if is_guid(text) {
            let hex = self.hex("guid", text, 32);
            let guid = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]].join("-");
            return self.cased(text, &guid);
        }
        if let Some((name, number)) = parts(&NODE, text) {
            return self.part(name) + self.keep(number);
        }
        if let Some((machine, mark)) = parts(&SYSTEM_DISK, text) {
            return format!("{}{}{}", self.name(machine), self.keep(mark), self.hex("id", text, 32));
        }
        if let Some((word, number)) = aws_id(text) {
            // Shorter ones would soon meet.
            let hex = self.hex("id", text, number.len().clamp(8, 64));
            return format!("{}-{}", self.keep(word), self.cased(number, &hex));
        }
        let name = self.name(text);
        match WAITS.as_ref().and_then(|waits| waits.find(text)) {
            Some(word) => {
                let word = word.as_str().trim_matches(|c: char| !c.is_ascii_alphabetic());
                format!("{name}-{}", self.keep(word))
            }
            None => name,
        }
    }

    fn name(&mut self, text: &str) -> String {
        let name = format!("r{}", self.hex("name", text, 10));
        self.cased(text, &name)
    }

    /// Names that differ in case alone stay apart, and alike to whoever folds them.
    fn cased(&self, text: &str, pseudonym: &str) -> String {
        if !text.contains(char::is_uppercase) {
            return pseudonym.to_owned();
        }
        let spelling = self.tag("case", text);
        let mut first = true;
        let letter = |(at, c): (usize, char)| {
            let upper = c.is_ascii_alphabetic() && (std::mem::take(&mut first) || spelling[at % 32] & 1 == 1);
            if upper { c.to_ascii_uppercase() } else { c }
        };
        pseudonym.chars().enumerate().map(letter).collect()
    }

    /// So many hexadecimal digits; at most 64.
    fn hex(&mut self, kind: &str, text: &str, digits: usize) -> String {
        let digest = self.digest(kind, text);
        let half = |at: usize| u32::from((digest[at / 2 % 32] >> (at % 2 * 4)) & 15);
        (0..digits).filter_map(|at| char::from_digit(half(at), 16)).collect()
    }

    /// The digest of a name that is replaced.
    fn digest(&mut self, kind: &str, text: &str) -> [u8; 32] {
        if self.replaced.len() < MOST_NAMES {
            self.replaced.insert(text.to_owned());
        }
        self.tag(kind, &text.to_lowercase())
    }

    fn tag(&self, kind: &str, text: &str) -> [u8; 32] {
        let mut mac = self.mac.clone();
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// The two groups of a pattern that fits.
fn parts<'t>(pattern: &LazyLock<Option<Regex>>, text: &'t str) -> Option<(&'t str, &'t str)> {
    let found = pattern.as_ref()?.captures(text)?;
    Some((found.get(1)?.as_str(), found.get(2)?.as_str()))
}

/// Whether a text gives a thing away by its shape, wherever it stands.
pub(crate) fn telling(text: &str) -> bool {
    let account = text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() >= 12);
    let id = aws_id(text).is_some_and(|(_, number)| number.len() >= 8);
    account || id || is_guid(text) || is_address(text) || text.contains("arn:") || text.starts_with("ocid1.")
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(mailbox, host)| !mailbox.is_empty() && host.contains('.'))
}

/// `i-0abc` as `i` and `0abc`: a known start and a number, hexadecimal in most services.
fn aws_id(text: &str) -> Option<(&str, &str)> {
    let (word, number) = text.rsplit_once('-')?;
    let long = number.len() >= 8
        && number.bytes().all(|b| b.is_ascii_alphanumeric())
        && number.bytes().any(|b| b.is_ascii_digit());
    let hex = !number.is_empty() && number.bytes().all(|b| b.is_ascii_hexdigit());
    ((hex || long) && words().prefixes.contains(word)).then_some((word, number))
}

fn is_guid(text: &str) -> bool {
    let fits =
        |(at, byte): (usize, u8)| if matches!(at, 8 | 13 | 18 | 23) { byte == b'-' } else { byte.is_ascii_hexdigit() };
    text.len() == 36 && text.bytes().enumerate().all(fits)
}

/// Lower-case letters, digits and hyphens, or nothing: how providers write services, regions and types.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::canonical_resource_id;

    fn names() -> Pseudonyms {
        Pseudonyms::new(&[7; 32]).unwrap()
    }

    #[test]
    fn each_id_keeps_its_shape() {
        for (text, shape) in [
            ("111122223333", "[0-9]{12}"),
            ("i-0abc1234567890def", "i-[0-9a-f]{17}"),
            ("vol-1", "vol-[0-9a-f]{8}"),
            ("vpce-svc-0123456789abcdef0", "vpce-svc-[0-9a-f]{17}"),
            ("db-ABCDEFGHIJKLM1", "db-[0-9A-Fa-f]{14}"),
            ("eipalloc-0abc1234", "eipalloc-[0-9a-f]{8}"),
            ("acme-bad", "r[0-9a-f]{10}"),
            ("nat-old", "r[0-9a-f]{10}"),
            ("Fernbrook Toys", "R[0-9A-Fa-f]{10}"),
            ("web", "r[0-9a-f]{10}"),
            (" web", " r[0-9a-f]{10}"),
            ("app/shop/0ac3e00000000501", "app/r[0-9a-f]{10}/r[0-9a-f]{10}"),
            ("2026100111122223333", "r[0-9a-f]{10}"),
            ("jane.doe@acme.example", "r[0-9a-f]{10}@example\\.com"),
            ("1caaa5a3-2b66-438e-8ab4-bce37d518c5d", "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"),
            (
                "arn:aws:ec2:us-east-1:111122223333:instance/i-0abc1234",
                "arn:aws:ec2:us-east-1:[0-9]{12}:instance/i-[0-9a-f]{8}",
            ),
            ("arn:aws:s3:::logs-bucket", "arn:aws:s3:::r[0-9a-f]{10}"),
            ("arn:aws:rds:eu-west-1:111122223333:db:orders", "arn:aws:rds:eu-west-1:[0-9]{12}:db:r[0-9a-f]{10}"),
            (
                "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/shop/0ac3e00000000501",
                "arn:aws:elasticloadbalancing:eu-west-1:[0-9]{12}:loadbalancer/app/r[0-9a-f]{10}/r[0-9a-f]{10}",
            ),
            (
                "arn:aws:logs:us-east-1:111122223333:log-group:/aws/lambda/checkout:*",
                "arn:aws:logs:us-east-1:[0-9]{12}:log-group:/aws/lambda/r[0-9a-f]{10}:\\*",
            ),
            ("arn:acme:secret:project:1:x", "r[0-9a-f]{10}"),
            (
                "/subscriptions/1caaa5a3-2b66-438e-8ab4-bce37d518c5d/resourceGroups/images/providers/Microsoft.Compute/disks/data1",
                "/subscriptions/[0-9a-f-]{36}/resourceGroups/r[0-9a-f]{10}/providers/Microsoft.Compute/disks/r[0-9a-f]{10}",
            ),
            (
                "/providers/Microsoft.Capacity/reservationOrders/o-1/reservations/x-1",
                "/providers/Microsoft.Capacity/reservationOrders/r[0-9a-f]{10}/reservations/r[0-9a-f]{10}",
            ),
            ("web1_OsDisk_1_10f99c3c2e9a470a8f9d305139390a21", "r[0-9a-f]{10}_OsDisk_1_[0-9a-f]{32}"),
            ("web1_osdisk-asrreplica", "r[0-9a-f]{10}-asrreplica"),
            ("orders-Replica2", "R[0-9A-Fa-f]{10}-Replica"),
            ("orders-dr", "r[0-9a-f]{10}-dr"),
            ("sessions-0001-002", "r[0-9a-f]{10}-0001-002"),
            ("sessions-replica-001", "r[0-9a-f]{10}-replica-001"),
            (
                "//compute.googleapis.com/projects/shop/zones/us-central1-a/instances/7101",
                "//compute\\.googleapis\\.com/projects/r[0-9a-f]{10}/zones/us-central1-a/instances/r[0-9a-f]{10}",
            ),
            (
                "ocid1.containerrepo.oc1.us-sanjose-1.0.axi5rjbot4mp.aaaaaaaaslfwxx",
                "ocid1\\.containerrepo\\.oc1\\.us-sanjose-1\\.r[0-9a-f]{10}\\.r[0-9a-f]{10}\\.r[0-9a-f]{10}",
            ),
            ("NULL", "NULL"),
            ("None", "None"),
            ("", ""),
        ] {
            let pseudonym = names().id(text);
            assert!(Regex::new(&format!("^{shape}$")).unwrap().is_match(&pseudonym), "{text} became {pseudonym}");
            assert_eq!(names().id(text), pseudonym, "always the same");
            assert_eq!(
                Pseudonyms::new(&[8; 32]).unwrap().id(text) == pseudonym,
                text == shape,
                "another key, another {text}"
            );
        }
    }

    #[test]
    fn an_id_in_an_arn_and_the_bare_id_still_meet() {
        for (arn, bare) in [
            ("arn:aws:ec2:us-east-1:111122223333:volume/vol-1", "vol-1"),
            ("arn:aws:ec2:eu-west-1:111122223333:natgateway/nat-0abc12345", "nat-0abc12345"),
            ("arn:aws:s3:::logs-bucket", "logs-bucket"),
            ("arn:aws:s3:::table", "table"),
            ("arn:aws:ec2:us-east-1:111122223333:dedicated-host/h-0abc", "h-0abc"),
        ] {
            let [arn, bare] = [arn, bare].map(|text| canonical_resource_id(&names().id(text)));
            assert_eq!(arn, bare);
        }
    }

    #[test]
    fn case_tells_spellings_apart_and_folds_away() {
        let [lower, upper] = ["/resourceGroups/costmgmt", "/resourceGroups/COSTMGMT"].map(|text| names().id(text));
        assert_ne!(lower, upper);
        assert_eq!(lower.to_lowercase(), upper.to_lowercase());
    }

    #[test]
    fn what_gives_a_thing_away_is_told_by_shape() {
        for text in
            ["111122223333", "id 2026100111122223333", "i-0abc12345", "a@b.example", "arn:aws:s3:::x", "ocid1.x"]
        {
            assert!(telling(text), "{text}");
        }
        for text in ["m5.large", "us-east-1a", "vol-1", "web", "@team", "0.123456789"] {
            assert!(!telling(text), "{text}");
        }
    }
}
