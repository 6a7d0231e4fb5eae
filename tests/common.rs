//! What several subjects need.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use scale_surgeon::demo::{BillFormat, DESCRIPTION, write_bill};
use scale_surgeon::report::{self, Format, Templates};
use scale_surgeon::review::Review;
use scale_surgeon::{Job, billing, review, rules};

/// The three formats of the demo.
pub(crate) const FORMATS: [(&str, BillFormat); 3] =
    [("cur-legacy", BillFormat::CurLegacy), ("cur2", BillFormat::Cur2), ("focus", BillFormat::Focus)];

/// For tests that are not about findings: a debug engine takes seconds for all pages.
pub(crate) const ONE_RULE: &str = "ebs-volume-gp2";

/// A file of the repository; a missing one fails, so that a typo cannot pass.
pub(crate) fn repository(path: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    assert!(path.exists(), "{} is missing", path.display());
    path
}

/// The demo's bill as CSV, written once for all tests.
pub(crate) fn demo_file(name: &str) -> &'static Path {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    static FILES: OnceLock<Vec<(String, PathBuf)>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let folder = FOLDER.get_or_init(|| tempfile::tempdir().unwrap());
        FORMATS
            .iter()
            .map(|(name, format)| {
                let path = folder.path().join(format!("{name}.csv"));
                let mut file = std::io::BufWriter::new(std::fs::File::create(&path).unwrap());
                write_bill(DESCRIPTION, *format, &mut file).unwrap();
                (name.to_string(), path)
            })
            .collect()
    });
    &files.iter().find(|(n, _)| n == name).unwrap().1
}

/// Aggregates of files.
pub(crate) fn aggregates(paths: &[PathBuf], options: billing::Options) -> billing::Aggregates {
    billing::aggregate(&billing::open(paths, options, &|_| {}).unwrap()).unwrap()
}

/// The review of files under the built-in rules.
pub(crate) fn reviewed(paths: &[PathBuf]) -> Review {
    let job = Job { rules: rules::builtin().unwrap(), ..Job::default() };
    review(aggregates(paths, billing::Options::default()), &job).unwrap()
}

/// The review of the demo's bill in a format, made once for all tests.
pub(crate) fn demo_review(name: &str) -> Review {
    static REVIEWS: [OnceLock<Review>; 3] = [const { OnceLock::new() }; 3];
    let place = FORMATS.iter().position(|(n, _)| *n == name).unwrap();
    REVIEWS[place].get_or_init(|| reviewed(&[demo_file(name).to_owned()])).clone()
}

/// The demo's bill as a saved Dataset, for tests that are not about reading bills.
pub(crate) fn demo_dataset() -> String {
    static FOLDER: OnceLock<tempfile::TempDir> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let bill = aggregates(&[demo_file("cur2").to_owned()], billing::Options::default());
        bill.to_dataset().save(folder.path()).unwrap();
        folder
    });
    folder.path().display().to_string()
}

/// The binary with the credentials of a test and without this machine's configuration.
pub(crate) fn command_with_credentials() -> Command {
    let nowhere = std::env::temp_dir().join("no-such-configuration");
    let mut command = Command::new(env!("CARGO_BIN_EXE_surgeon"));
    for name in ["AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_REGION", "NO_COLOR", "COLUMNS"] {
        command.env_remove(name);
    }
    command
        .current_dir(std::env::temp_dir())
        .env("AWS_ACCESS_KEY_ID", "test")
        .env("AWS_SECRET_ACCESS_KEY", "test-secret")
        .env("AWS_CONFIG_FILE", &nowhere)
        .env("AWS_SHARED_CREDENTIALS_FILE", &nowhere)
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("NO_PROXY", "127.0.0.1");
    command
}

/// Its exit code, stdout and stderr.
pub(crate) fn surgeon_with_credentials(arguments: &[&str], environment: &[(&str, &str)]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = command_with_credentials();
    let output = command.args(arguments).current_dir(folder.path()).envs(environment.iter().copied()).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!err.contains("test-secret") && !out.contains("test-secret"), "{err}");
    (output.status.code().unwrap(), out, err)
}

/// Exit code, stdout and stderr of the binary in an empty folder, with a clean environment.
pub(crate) fn surgeon(arguments: &[&str]) -> (i32, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_surgeon"))
        .args(arguments)
        .current_dir(folder.path())
        .env_remove("NO_COLOR")
        .env_remove("COLUMNS")
        .output()
        .unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// Another program, in exact fractions and without any code of ours, comes to the same figures of the plan, each to the cent.
pub(crate) fn another_program_agrees(bill: &Path, review: &Review) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("review.json");
    let json = report::render(review, Format::Json, &Templates::builtin(), &report::Options::default()).unwrap();
    std::fs::write(&path, json).unwrap();
    let output =
        Command::new("python3").arg(repository("tests/oracle/check_plan.py")).args([bill, &path]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("whole plan") && said.contains("gross"), "{said}");
}
