//! Bills in S3: copied whole, told apart from what was there, refused in words that help.
//!
//! Two servers stand in for AWS: moto, which speaks the protocol (tests/moto/serve.py starts it), and one of a few lines
//! for what moto does not do: objects that change or break off, hostile keys, refusals.

use std::fs;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use scale_surgeon::collect::bills::{Access, BillsError, Credentials, Fetched, fetch};
use serde_json::{Value, json};

use crate::common::{self, ONE_RULE};

/// A legacy CUR of one usage row in a month.
fn cur(month: u8, resource: &str, cost: &str) -> Vec<u8> {
    let day = |day: u8| format!("2026-{month:02}-{day:02}T00:00:00Z");
    let (first, second) = (day(1), day(2));
    format!(
        "identity/LineItemId,bill/BillingPeriodStartDate,bill/PayerAccountId,lineItem/UsageAccountId,lineItem/LineItemType,\
         lineItem/UsageStartDate,lineItem/UsageEndDate,lineItem/ProductCode,lineItem/UsageType,lineItem/Operation,\
         lineItem/ResourceId,lineItem/UsageAmount,lineItem/CurrencyCode,lineItem/UnblendedCost,product/region,pricing/unit\n\
         1,{first},111122223333,111122223333,Usage,{first},{second},AmazonEC2,BoxUsage:m5.large,RunInstances,\
         {resource},24,USD,{cost},us-east-1,Hrs\n"
    )
    .into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

/// A month of Data Exports, delivered twice, with a leftover in the second and a note beside.
fn delivery() -> Vec<(String, Vec<u8>)> {
    const MONTH: &str = "BILLING_PERIOD=2026-10";
    let mut objects = vec![("prefix/e/readme.txt".to_owned(), b"not a bill".to_vec())];
    for (execution, cost) in [("2026-10-05T00:00:00Z-aaa", "2"), ("2026-10-09T00:00:00Z-bbb", "3")] {
        let data = format!("prefix/e/data/{MONTH}/{execution}/e-00001.csv.gz");
        let manifest =
            json!({"reportName": "e", "executionId": execution, "dataFiles": [format!("s3://bills/{data}")]});
        objects.push((data, gzip(&cur(10, "i-1", cost))));
        let path = format!("prefix/e/metadata/{MONTH}/{execution}/e-Manifest.json");
        objects.push((path, manifest.to_string().into_bytes()));
    }
    objects.push((format!("prefix/e/data/{MONTH}/2026-10-09T00:00:00Z-bbb/e-00002.csv"), cur(10, "i-9", "9")));
    objects
}

/// Where the moto server is.
#[expect(clippy::disallowed_methods, reason = "who started the server says where it is")]
fn moto() -> String {
    std::env::var("SURGEON_TEST_S3").unwrap()
}

/// A request that changes what the moto server has. It reads who asks, and does not check the signature.
fn change(method: &str, path: &str, body: &[u8]) {
    let address = moto();
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    let who = "AWS4-HMAC-SHA256 Credential=test/20261001/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";
    let head = format!(
        "{method} /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\nauthorization: {who}\r\n\
         content-type: application/octet-stream\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 2"), "{method} {path}: {answer}");
}

/// The binary with the credentials of a test, asking moto.
fn surgeon(arguments: &[&str]) -> (i32, String, String) {
    common::surgeon_with_credentials(arguments, &[("AWS_ENDPOINT_URL_S3", &moto()), ("AWS_REGION", "us-east-1")])
}

/// The JSON report of an input in S3, and what was said.
fn reviewed(arguments: &[&str]) -> (Value, String) {
    let (code, out, err) = surgeon(&[&["review", "-f", "json", "--only", ONE_RULE][..], arguments].concat());
    assert_eq!(code, 0, "{err}");
    (serde_json::from_str(&out).unwrap(), err)
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn a_delivery_in_s3_reviews_as_the_same_folder_on_disk() {
    let root = tempfile::tempdir().unwrap();
    change("PUT", "bills", b"");
    for (key, bytes) in delivery() {
        change("PUT", &format!("bills/{key}"), &bytes);
        let path = root.path().join("bills").join(&key);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let here = format!("{}/", root.path().display());
    let (code, disk, err) =
        common::surgeon(&["review", &format!("{here}bills/prefix/"), "-f", "json", "--only", ONE_RULE]);
    assert_eq!(code, 0, "{err}");
    let disk: Value = serde_json::from_str(&disk.replace(&here, "s3://")).unwrap();
    let (s3, said) = reviewed(&["s3://bills/prefix/"]);
    assert!(said.contains("5 of 5 fetched"), "{said}");
    assert_eq!(s3["spend"]["billed"], "3");
    for part in ["spend", "gaps", "sources", "tie_out"] {
        assert_eq!(s3[part], disk[part], "{part}");
    }
    let gaps = s3["gaps"].to_string();
    assert!(gaps.contains("an earlier delivery of e 2026-10") && gaps.contains("left over"), "{gaps}");
    // A folder's slash may be left out.
    assert_eq!(reviewed(&["s3://bills/prefix"]).0["spend"], disk["spend"]);

    // One object is only that; a manifest is what it lists, wherever that is.
    let (one, said) =
        reviewed(&["s3://bills/prefix/e/data/BILLING_PERIOD=2026-10/2026-10-09T00:00:00Z-bbb/e-00002.csv"]);
    assert!(one["spend"]["billed"] == "9" && said.contains("1 of 1 fetched"), "{said}");
    let manifest = "s3://bills/prefix/e/metadata/BILLING_PERIOD=2026-10/2026-10-05T00:00:00Z-aaa/e-Manifest.json";
    let (old, said) = reviewed(&[manifest]);
    assert!(old["spend"]["billed"] == "2" && said.contains("2 of 2 fetched"), "{said}");

    // Other commands read the same inputs.
    let (code, out, err) = surgeon(&["prices", "coverage", "s3://bills/prefix/"]);
    assert!(code == 0 && out.starts_with("Billed usage 3"), "{out}{err}");
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn a_second_run_fetches_only_what_changed() {
    change("PUT", "bills-cached", b"");
    for (month, name) in [(8, "a"), (9, "b"), (10, "c")] {
        change("PUT", &format!("bills-cached/p/{name}.csv"), &cur(month, &format!("i-{name}"), "2"));
    }
    let folder = tempfile::tempdir().unwrap();
    let cache = folder.path().join("cache").display().to_string();
    let run = || {
        let (view, said) = reviewed(&["s3://bills-cached/p/", "--cache", &cache]);
        (view["spend"]["billed"].as_str().unwrap().to_owned(), said)
    };
    let expect = |billed: &str, words: &str| {
        let (found, said) = run();
        assert!(found == billed && said.contains(words), "{billed}, {words}: {found}, {said}");
    };
    expect("6", "3 of 3 fetched");
    expect("6", &format!("0 of 3 fetched, 3 from {cache}"));
    // As long as before; only its ETag tells.
    change("PUT", "bills-cached/p/c.csv", &cur(10, "i-c", "5"));
    expect("9", "1 of 3 fetched, 2 from");
    let copy = |name: &str| Path::new(&cache).join("bills-cached/p").join(name);
    fs::write(copy("b.csv"), "torn").unwrap();
    expect("9", "1 of 3 fetched, 2 from");
    change("DELETE", "bills-cached/p/a.csv", b"");
    expect("7", "0 of 2 fetched, 2 from");
    assert!(!copy("a.csv").exists());
    // One of them, named, is known as well.
    let (_, said) = reviewed(&["s3://bills-cached/p/c.csv", "--cache", &cache]);
    assert!(said.contains("0 of 1 fetched, 1 from"), "{said}");
    // What is no copy would be added to the bill.
    fs::write(copy("mine.csv"), cur(7, "i-m", "1")).unwrap();
    let (code, _, error) = surgeon(&["review", "s3://bills-cached/p/", "--cache", &cache]);
    assert!(code == 2 && error.contains("mine.csv: is among the copies, but is not in S3"), "{error}");
}

#[test]
#[ignore = "needs a moto server: .ci/run starts one"]
fn what_is_not_there_is_said_with_what_to_do() {
    change("PUT", "bills-few", b"");
    change("PUT", "bills-few/notes/readme.txt", b"hello");
    change("PUT", "bills-few/one.csv", &cur(10, "i-1", "2"));
    for (arguments, code, words) in [
        ("s3://bills-missing/p/", 1, "s3://bills-missing/p/: there is no such bucket\nhelp: aws s3 ls"),
        ("s3://bills-missing/p/x.csv", 1, "s3://bills-missing/p/x.csv: there is no such bucket"),
        ("s3://bills-few/p/", 3, "s3://bills-few/p/: no objects below this prefix\nhelp: "),
        ("s3://bills-few/notes/", 3, "below this prefix, but 1 others"),
        ("s3://bills-few/p/x.csv", 3, "s3://bills-few/p/x.csv: there is no such object\nhelp: "),
        ("s3://bills-few/one.csv --no-sign-request", 1, "help: leave --no-sign-request out"),
        ("s3://bills-few/one.csv --s3-endpoint localhost", 2, "localhost: is no address of a server"),
        ("s3://x", 2, "s3://x: names no bucket\nhelp: s3://BUCKET/PREFIX/"),
        ("bill.csv --cache copies", 2, "--cache"),
    ] {
        let all: Vec<&str> = std::iter::once("review").chain(arguments.split(' ')).collect();
        let (found, _, error) = surgeon(&all);
        assert!(found == code && error.contains(words), "{arguments}: {found} {error}");
    }
}

/// Answers each request with what `answer` makes of its head, until the test ends; gives its address.
fn fake(answer: impl Fn(&str) -> String + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut head = String::new();
            let mut buffer = [0; 4096];
            while !head.contains("\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(read) if read > 0 => head.push_str(&String::from_utf8_lossy(&buffer[..read])),
                    _ => break,
                }
            }
            if head.is_empty() {
                continue;
            }
            assert!(head.starts_with("GET "), "only reads: {head}");
            // Who has hung up hears nothing.
            let _ = stream.write_all(answer(&head).as_bytes());
        }
    });
    address
}

fn http(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} x\r\nconnection: close\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len())
}

/// A page of ListObjectsV2 with objects of ten bytes.
fn listing(keys: &[&str]) -> String {
    let contents = keys.iter().map(|key| {
        format!(
            "<Contents><Key>{key}</Key><LastModified>2026-10-05T00:00:00.000Z</LastModified>\
             <ETag>&quot;a&quot;</ETag><Size>10</Size></Contents>"
        )
    });
    let page = format!("<ListBucketResult><Name>bucket</Name>{}</ListBucketResult>", contents.collect::<String>());
    http(200, "", &page)
}

/// Copies from a fake server.
fn copied(uri: &str, endpoint: &str, into: &Path) -> Result<Fetched, BillsError> {
    let credentials = Credentials { key: "AKIDTEST".into(), secret: "wJalr-secret".into(), token: None };
    let access = Access {
        endpoint: Some(endpoint.to_owned()),
        region: Some("us-east-1".into()),
        anonymous: false,
        credentials: Some(credentials),
    };
    fetch(uri, &access, into, &|_, _| {})
}

/// The message of a copy that fails.
fn refused(uri: &str, endpoint: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let into = folder.path().join("in");
    let error = copied(uri, endpoint, &into).unwrap_err().to_string();
    assert!(error.contains("\nhelp: "), "{error}");
    assert!(!error.contains("AKIDTEST") && !error.contains("secret"), "{error}");
    let mut beside = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    assert!(beside.all(|name| name == "in"), "something left the folder");
    error
}

#[test]
fn a_uri_that_makes_no_sense_is_refused_before_anything_is_asked() {
    // Nobody listens at port 1.
    let nobody = "http://127.0.0.1:1";
    for uri in ["s3://", "s3:///x.csv", "s3://ab/x.csv", "s3://../x.csv", "s3://.hidden/x.csv", "s3://a\\b/x.csv"] {
        assert!(refused(uri, nobody).contains("names no bucket"), "{uri}");
    }
    assert!(refused("s3://arn:aws:s3:us-east-1:111122223333:accesspoint/p", nobody).contains("names no bucket"));
    for uri in
        ["s3://bucket//x.csv", "s3://bucket/a//x.csv", "s3://bucket/../x.csv", "s3://bucket/a/./", "s3://bucket/a//"]
    {
        assert!(refused(uri, nobody).contains("no file can have this path"), "{uri}");
    }
    assert!(refused("s3://bucket/x.csv", "localhost:9000").contains("localhost:9000: is no address of a server"));
}

#[test]
fn keys_never_leave_the_folder() {
    for key in ["p/../../evil.csv", "p//evil.csv", "p/./evil.csv"] {
        let error = refused("s3://bucket/p/", &fake(move |_| listing(&[key])));
        assert!(error.contains("no file can have this path"), "{key:?}: {error}");
    }
    for (listed, words) in [
        ("s3://bucket/../../evil.csv", "no file can have this path"),
        ("/etc/evil.csv", "no file can have this path"),
        ("s3://other/evil.csv", "p/m.json: lists s3://other/evil.csv, which is in another bucket"),
    ] {
        let manifest = json!({"reportName": "e", "dataFiles": [listed]}).to_string();
        let error = refused("s3://bucket/p/m.json", &fake(move |_| http(200, "etag: \"m\"\r\n", &manifest)));
        assert!(error.contains(words), "{listed}: {error}");
    }
}

/// Status, code, where, what is in the answer beside, what is said.
const REFUSALS: &str = "\
403|AccessDenied|/|<Message>Denied</Message>|access denied: Denied
403|AccessDenied|/||grant s3:ListBucket on arn:aws:s3:::bucket and s3:GetObject on arn:aws:s3:::bucket/*
403|AccessDenied|/x.csv||grant s3:GetObject on arn:aws:s3:::bucket/*; without s3:ListBucket
403|AccessDenied|/x.csv|<Message>not authorized to perform: kms:Decrypt</Message>|grant kms:Decrypt
400|ExpiredToken|/||has expired
400|ExpiredToken|/x.csv||set AWS_PROFILE, run aws sso login
403|SignatureDoesNotMatch|/|<StringToSign>AKIDTEST</StringToSign>|not accepted (SignatureDoesNotMatch)
403|InvalidAccessKeyId|/x.csv||not accepted (InvalidAccessKeyId)
403|RequestTimeTooSkewed|/||the clock of this machine is wrong
403|InvalidObjectState|/x.csv||is archived (Glacier)
400|AuthorizationHeaderMalformed|/|<Region>eu-west-1</Region>|--region eu-west-1
301|PermanentRedirect|/||the bucket is in another region
301|PermanentRedirect|/x.csv||name it: --region REGION
404|NoSuchBucket|/x.csv||there is no such bucket
404|NoSuchKey|/x.csv||there is no such object
400|SomethingNew|/x.csv|<Message>Odd</Message>|S3 answered SomethingNew: Odd";

#[test]
fn each_refusal_says_what_to_grant_or_to_do() {
    for line in REFUSALS.lines() {
        let [status, code, place, more, words]: [&str; 5] = line.split('|').collect::<Vec<_>>().try_into().unwrap();
        let status = status.parse().unwrap();
        let body = format!("<Error><Code>{code}</Code>{more}<AWSAccessKeyId>AKIDTEST</AWSAccessKeyId></Error>");
        let uri = format!("s3://bucket/p{place}");
        let error = refused(&uri, &fake(move |_| http(status, "", &body)));
        assert!(error.starts_with(&uri) && error.contains(words), "{line}: {error}");
    }
}

#[test]
fn an_object_that_changes_while_it_is_read_is_an_error() {
    // A server that heeds the condition of the request, one that does not, and an object that is gone.
    let condition = |head: &str| head.to_lowercase().contains("if-match: \"a\"");
    let answers: [fn(bool) -> String; 3] = [
        |asked| if asked { http(412, "", "<Error><Code>PreconditionFailed</Code></Error>") } else { http(500, "", "") },
        |_| http(200, "etag: \"b\"\r\n", "helloworld"),
        |_| http(404, "", "<Error><Code>NoSuchKey</Code></Error>"),
    ];
    for answer in answers {
        let endpoint = fake(
            move |head| {
                if head.contains("list-type=2") { listing(&["p/x.csv"]) } else { answer(condition(head)) }
            },
        );
        let error = refused("s3://bucket/p/", &endpoint);
        assert!(error.contains("s3://bucket/p/x.csv: changed while it was copied"), "{error}");
    }
}

#[test]
fn a_copy_that_broke_off_is_made_again() {
    let gets = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&gets);
    let endpoint = fake(move |head| {
        if head.contains("list-type=2") {
            return listing(&["p/x.csv", "p/.hidden/x.csv", "p/readme.txt"]);
        }
        match counted.fetch_add(1, Ordering::Relaxed) {
            // Half of it; and when the rest is asked for, it is another object's.
            0 => http(200, "etag: \"a\"\r\n", "helloworld").trim_end_matches("world").to_owned(),
            1 => http(206, "etag: \"b\"\r\ncontent-range: bytes 5-9/10\r\n", "there"),
            _ => http(200, "etag: \"a\"\r\n", "helloworld"),
        }
    });
    let into = tempfile::tempdir().unwrap();
    let path = into.path().join("bucket/p/x.csv");
    let error = copied("s3://bucket/p/", &endpoint, into.path()).unwrap_err().to_string();
    assert!(error.contains("s3://bucket/p/x.csv: ") && error.contains("\nhelp: "), "{error}");
    assert!(!path.exists(), "half an object has no name of a bill");
    let whole = copied("s3://bucket/p/", &endpoint, into.path()).unwrap();
    let expected = Fetched { path: into.path().join("bucket/p"), files: 1, bytes: 10, from_cache: 0 };
    assert_eq!((whole, fs::read_to_string(&path).unwrap().as_str()), (expected, "helloworld"));
    let asked = gets.load(Ordering::Relaxed);
    let again = copied("s3://bucket/p/", &endpoint, into.path()).unwrap();
    assert_eq!((again.from_cache, again.bytes, gets.load(Ordering::Relaxed)), (1, 0, asked));
}
