//! Bills in S3: copied into a local folder, to be read as any folder.
//!
//! Knows: S3 URIs, what a copy holds already, which files a manifest lists. Does not know: what is in a bill, nor which
//! delivery of a month counts. Only ListObjectsV2 and GetObject are called, and for a bucket that is elsewhere HeadBucket,
//! unsigned.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{Read, Write};
use std::path::{Component, Path, PathBuf};

use futures::stream::{self, StreamExt, TryStreamExt};
use object_store::aws::{AmazonS3, resolve_bucket_region};
use object_store::path::Path as Key;
use object_store::{ClientOptions, GetOptions, GetResult, ObjectMeta, ObjectStore};
use serde::Deserialize;

mod access;
mod answer;
mod held;

use access::soon;
pub use access::{Access, Credentials};
pub use answer::BillsError;
use answer::{Asked, broken, changed, disk, elsewhere, meaning, odd, refused, usage};
use held::{note, noted, part, stamp, sweep};

/// Names of the files that a bill is made of, as `billing::delivery` has them.
const ENDINGS: [&str; 5] = [".csv", ".csv.gz", ".parquet", ".zip", ".json"];
/// Objects copied at once: enough to hide the latency of small ones, few enough to leave the line to others.
const AT_ONCE: usize = 4;
/// Manifests list columns and files; larger JSON is data.
const LARGEST_MANIFEST: u64 = 16 << 20;

const FORMS: &str =
    "s3://BUCKET/PREFIX/ is a folder, s3://BUCKET/KEY.csv.gz a file, s3://BUCKET/KEY-Manifest.json a delivery";

/// A copy that is complete.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fetched {
    /// What to read: a folder, or the one file that the URI names. Key `K` of bucket `B` is at `B/K` of the copy.
    pub path: PathBuf,
    /// Files that the URI stands for.
    pub files: usize,
    /// Bytes that came over the network.
    pub bytes: u64,
    /// Files that were there already.
    pub from_cache: usize,
}

/// The URI that an input is, if it is one.
#[must_use]
pub fn uri(input: &Path) -> Option<&str> {
    input.to_str().filter(|text| text.starts_with("s3://"))
}

/// Copies what a URI names into a folder: the objects of a prefix, one object, or a manifest with the files that it lists.
///
/// What the folder holds already, by size and `ETag`, is not fetched again; what S3 no longer has is taken away. `progress`
/// hears of each piece: its object, and the bytes that came so far in all.
///
/// # Errors
/// [`BillsError`] with the URI and the remedy.
pub fn fetch(uri: &str, access: &Access, into: &Path, progress: &dyn Fn(&str, u64)) -> Result<Fetched, BillsError> {
    let (bucket, place) = located(uri)?;
    if let Some(endpoint) = &access.endpoint
        && !(endpoint.starts_with("https://") || endpoint.starts_with("http://"))
    {
        return Err(usage(endpoint, "is no address of a server", "it begins with https:// or http://"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(disk(into))?;
    runtime.block_on(async {
        let (who, region) = access::identity(uri, access).await?;
        let (root, anonymous) = (into.join(bucket), who.is_none());
        let open = |region| {
            let store = access::store(uri, bucket, access, who.as_ref(), region);
            store.map(|store| Bucket { name: bucket, store, root: &root, anonymous, bytes: Cell::new(0), progress })
        };
        match open(region)?.copy(&place).await {
            Err(BillsError::Region { uri, region }) if access.endpoint.is_none() => {
                let region = match region {
                    Some(region) => region,
                    None => resolve_bucket_region(bucket, &ClientOptions::new())
                        .await
                        .map_err(|_| BillsError::Region { uri, region: None })?,
                };
                open(Some(region))?.copy(&place).await
            }
            other => other,
        }
    })
}

/// What a URI names.
enum Place {
    Folder(Key),
    Object(Key),
}

/// The bucket, and the place in it.
fn located(uri: &str) -> Result<(&str, Place), BillsError> {
    let rest = uri.strip_prefix("s3://").ok_or_else(|| usage(uri, "is no s3:// URI", FORMS))?;
    let (bucket, text) = rest.split_once('/').unwrap_or((rest, ""));
    // It becomes the name of a folder.
    let plain = bucket.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_'));
    if !plain || bucket.len() < 3 || bucket.starts_with('.') {
        return Err(usage(uri, "names no bucket", FORMS));
    }
    let key = key(text).ok_or_else(|| odd(uri))?;
    Ok((bucket, if is_file(text) { Place::Object(key) } else { Place::Folder(key) }))
}

/// A key as S3 has it. The store would drop a slash at its start, and ask for another object.
fn key(text: &str) -> Option<Key> {
    Key::parse(text).ok().filter(|_| !text.starts_with('/'))
}

/// Whether a name is that of one of a bill's files.
fn is_file(name: &str) -> bool {
    let name = name.to_lowercase();
    ENDINGS.iter().any(|end| name.ends_with(end))
}

/// A bucket and the folder that it is copied to.
struct Bucket<'a> {
    name: &'a str,
    store: AmazonS3,
    root: &'a Path,
    anonymous: bool,
    bytes: Cell<u64>,
    progress: &'a dyn Fn(&str, u64),
}

impl Bucket<'_> {
    async fn copy(&self, place: &Place) -> Result<Fetched, BillsError> {
        let (path, there) = match place {
            Place::Folder(prefix) => {
                let path = self.at(prefix)?;
                let objects = self.list(prefix).await?;
                let wanted: BTreeSet<PathBuf> =
                    objects.iter().map(|object| self.at(&object.location)).collect::<Result<_, _>>()?;
                sweep(&path, &wanted)?;
                (path, self.objects(objects.iter().map(|object| (&object.location, Some(object)))).await?)
            }
            Place::Object(key) => {
                let path = self.at(key)?;
                let mut there = vec![self.object(key, None).await?];
                let listed = self.listed(&path, &self.uri(key))?;
                there.extend(self.objects(listed.iter().filter(|other| *other != key).map(|key| (key, None))).await?);
                (path, there)
            }
        };
        let from_cache = there.iter().filter(|there| **there).count();
        Ok(Fetched { path, files: there.len(), bytes: self.bytes.get(), from_cache })
    }

    fn uri(&self, key: &Key) -> String {
        format!("s3://{}/{key}", self.name)
    }

    /// Where the copy of a key is. What leads out of a folder differs by system, so its own idea of a path is asked.
    fn at(&self, key: &Key) -> Result<PathBuf, BillsError> {
        let text: &str = key.as_ref();
        let path = Path::new(text);
        let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
        if inside { Ok(self.root.join(path)) } else { Err(odd(&self.uri(key))) }
    }

    fn meaning(&self, uri: &str, error: &object_store::Error, listing: bool) -> BillsError {
        meaning(uri, error, Asked { bucket: self.name, anonymous: self.anonymous, listing })
    }

    /// The billing files below a prefix. The reader does not enter hidden folders; nor does this.
    async fn list(&self, prefix: &Key) -> Result<Vec<ObjectMeta>, BillsError> {
        let uri = self.uri(prefix) + if prefix.is_root() { "" } else { "/" };
        let mut listing = self.store.list(Some(prefix));
        let start: &str = prefix.as_ref();
        let (mut objects, mut others) = (Vec::new(), 0);
        while let Some(object) = soon(&uri, listing.next()).await? {
            let object = object.map_err(|error| self.meaning(&uri, &error, true))?;
            let below = object.location.as_ref().strip_prefix(start).unwrap_or_default();
            if is_file(below) && !below.split('/').any(|part| part.starts_with('.')) {
                objects.push(object);
            } else {
                others += 1;
            }
        }
        if objects.is_empty() {
            let what = match others {
                0 => "no objects below this prefix".to_owned(),
                n => format!("no billing files ({}) below this prefix, but {n} others", ENDINGS.join(", ")),
            };
            let help = format!("aws s3 ls {uri} lists what there is; a first delivery takes up to 24 hours");
            return Err(BillsError::Nothing { uri, what, help });
        }
        Ok(objects)
    }

    /// Copies several objects; says of each whether it was there.
    async fn objects<'k>(
        &self,
        objects: impl Iterator<Item = (&'k Key, Option<&'k ObjectMeta>)>,
    ) -> Result<Vec<bool>, BillsError> {
        let copies = objects.map(move |(key, listed)| self.object(key, listed));
        stream::iter(copies).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Copies an object, unless it is there; says whether it was. `listed` is what the listing says of it.
    async fn object(&self, key: &Key, listed: Option<&ObjectMeta>) -> Result<bool, BillsError> {
        let (uri, path) = (self.uri(key), self.at(key)?);
        let known = noted(&path);
        if known.is_some() && known == listed.map(stamp) {
            return Ok(true);
        }
        let tag = known.as_ref().filter(|_| listed.is_none()).and_then(|known| known.split_once(' '));
        let options = GetOptions {
            if_match: listed.and_then(|object| object.e_tag.clone()),
            if_none_match: tag.map(|(_, tag)| tag.to_owned()).filter(|tag| tag.ends_with('"')),
            ..GetOptions::default()
        };
        let found = match soon(&uri, self.store.get_opts(key, options)).await? {
            Err(object_store::Error::NotModified { .. }) => return Ok(true),
            found => found.map_err(|error| match self.meaning(&uri, &error, false) {
                BillsError::Nothing { .. } if listed.is_some() => changed(&uri),
                other => other,
            })?,
        };
        let stamp_found = stamp(&found.meta);
        if listed.is_some_and(|object| stamp(object) != stamp_found) {
            return Err(changed(&uri));
        }
        if known.as_ref() == Some(&stamp_found) {
            return Ok(true);
        }
        self.write(&uri, found, &path).await?;
        fs::write(note(&path), stamp_found).map_err(disk(&path))?;
        Ok(false)
    }

    /// Writes an object as it comes. Only a complete one gets its name.
    async fn write(&self, uri: &str, found: GetResult, path: &Path) -> Result<(), BillsError> {
        let disk = disk(path);
        fs::create_dir_all(path.parent().unwrap_or(path)).map_err(&disk)?;
        let part = part(path);
        let mut out = File::options().write(true).create(true).truncate(false).open(&part).map_err(&disk)?;
        // Two that write one file would spoil it. A disk that knows no locks goes without.
        if matches!(out.try_lock(), Err(TryLockError::WouldBlock)) {
            return Err(refused(uri, format!("another surgeon is copying it to {}", path.display()), "wait for it"));
        }
        out.set_len(0).map_err(&disk)?;
        // The copy from before is none from now on; mostly there was none.
        let _ = fs::remove_file(note(path));
        let (size, mut written, mut pieces) = (found.meta.size, 0, found.into_stream());
        while let Some(piece) = soon(uri, pieces.next()).await? {
            let piece = piece.map_err(|error| self.meaning(uri, &error, false))?;
            out.write_all(&piece).map_err(&disk)?;
            written += piece.len() as u64;
            self.bytes.set(self.bytes.get() + piece.len() as u64);
            (self.progress)(uri, self.bytes.get());
        }
        if written != size {
            return Err(broken(uri, format!("{written} of {size} bytes came")));
        }
        fs::rename(&part, path).map_err(&disk)
    }

    /// The keys that a manifest lists, wherever in the bucket they are; none when the file is no manifest.
    fn listed(&self, path: &Path, uri: &str) -> Result<BTreeSet<Key>, BillsError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Manifest {
            report_keys: Option<Vec<String>>,
            data_files: Option<Vec<String>>,
        }
        if path.extension().is_none_or(|extension| !extension.eq_ignore_ascii_case("json")) {
            return Ok(BTreeSet::new());
        }
        let mut text = Vec::new();
        let file = File::open(path).map_err(disk(path))?;
        file.take(LARGEST_MANIFEST).read_to_end(&mut text).map_err(disk(path))?;
        let Ok(manifest) = serde_json::from_slice::<Manifest>(&text) else { return Ok(BTreeSet::new()) };
        let listed = manifest.data_files.or(manifest.report_keys).unwrap_or_default();
        let keys = listed.iter().filter(|listed| is_file(listed)).map(|listed| {
            let below = match listed.strip_prefix("s3://").map(|rest| rest.split_once('/').unwrap_or((rest, ""))) {
                None => listed.as_str(),
                Some((bucket, below)) if bucket == self.name => below,
                Some(_) => return Err(elsewhere(uri, listed)),
            };
            key(below).ok_or_else(|| odd(&format!("s3://{}/{below}", self.name)))
        });
        keys.collect()
    }
}
