//! Words in names and tags that say what a machine does.
//!
//! Names are split at everything that is neither letter nor digit, and digits at the end of a word are left out: `db-01` and
//! `db1` both say "db". A word counts when it is whole, so that "dbl" and "citrus" say nothing.
//!
//! Knows: the lists, and what people write for yes and no. Does not know: what follows from a word.

/// Databases, stores and caches: what they hold is slow or impossible to make again.
pub const DATABASES: &[&str] = &[
    "database",
    "databases",
    "db",
    "rdbms",
    "sql",
    "mysql",
    "mariadb",
    "postgres",
    "postgresql",
    "pgsql",
    "mssql",
    "sqlserver",
    "oracle",
    "db2",
    "mongo",
    "mongodb",
    "couchdb",
    "couchbase",
    "cassandra",
    "scylla",
    "redis",
    "valkey",
    "memcached",
    "elasticsearch",
    "opensearch",
    "solr",
    "influxdb",
    "prometheus",
    "clickhouse",
    "neo4j",
    "minio",
    "ceph",
    "nfs",
    "hdfs",
    "namenode",
    "datanode",
];

/// Members of a quorum, brokers, and the one that leads the others.
pub const QUORUMS: &[&str] = &[
    "etcd",
    "zookeeper",
    "zk",
    "kafka",
    "kraft",
    "broker",
    "brokers",
    "rabbitmq",
    "activemq",
    "pulsar",
    "nats",
    "consul",
    "vault",
    "quorum",
    "raft",
    "master",
    "masters",
    "primary",
    "leader",
    "controller",
    "control plane",
    "controlplane",
];

/// Software that is licensed to a machine.
pub const LICENCES: &[&str] =
    &["license", "licence", "licensed", "licenced", "licenses", "licences", "licensing", "byol", "flexlm", "dongle"];

/// The owner's own word for state.
pub const STATEFUL: &[&str] = &["stateful", "statefulset"];

/// Work that is queued, repeated or thrown away.
pub const DISPOSABLE: &[&str] = &[
    "batch",
    "ci",
    "runner",
    "runners",
    "build",
    "builds",
    "builder",
    "builders",
    "build agent",
    "queue",
    "consumer",
    "consumers",
    "spark task",
    "spark executor",
    "emr task",
    "job",
    "jobs",
    "cron",
    "crawler",
    "scraper",
    "render",
    "transcode",
    "transcoder",
    "ephemeral",
    "disposable",
];

/// The same of most machines, but in Kubernetes any node is called so.
pub const WORKERS: &[&str] = &["worker", "workers"];

/// Environments whose outage no customer sees.
pub const NON_PRODUCTION: &[&str] = &[
    "dev",
    "develop",
    "development",
    "test",
    "tests",
    "testing",
    "stage",
    "staging",
    "stg",
    "sandbox",
    "qa",
    "uat",
    "demo",
    "preview",
    "playground",
    "lab",
    "poc",
    "nonprod",
    "nonproduction",
    "preprod",
];

/// The same in words that contain one of [`PRODUCTION`].
pub const NOT_QUITE_PRODUCTION: &[&str] = &["non prod", "non production", "pre prod", "pre production"];

/// Environments whose outage they see.
pub const PRODUCTION: &[&str] = &["prod", "production", "prd", "live"];

/// Values of a tag that only say yes to its key.
const YES: &[&str] = &["true", "yes", "y", "on", "1", "enabled"];

/// Values of a tag that only say no to its key.
const NO: &[&str] = &["false", "no", "n", "off", "0", "none", "null", "disabled"];

/// What the value of a tag says to its key, when it is a plain yes or no.
pub(super) fn plain(value: &str) -> Option<bool> {
    let value = value.trim().to_lowercase();
    match value.as_str() {
        yes if YES.contains(&yes) => Some(true),
        no if NO.contains(&no) => Some(false),
        _ => None,
    }
}

/// The words of a text, in small letters and each as it is and without the digits at its end.
pub(super) fn words(text: &str) -> Vec<[String; 2]> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(|word| [word.to_owned(), word.trim_end_matches(|c: char| c.is_ascii_digit()).to_owned()])
        .collect()
}

/// The first word of `list`, or words that follow each other, which the words contain.
pub(super) fn found(list: &[&'static str], words: &[[String; 2]]) -> Option<&'static str> {
    list.iter().copied().find(|entry| {
        let parts: Vec<&str> = entry.split(' ').collect();
        words
            .windows(parts.len())
            .any(|window| window.iter().zip(&parts).all(|(word, part)| word.iter().any(|form| form == part)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(list: &[&'static str], text: &str) -> Option<&'static str> {
        found(list, &words(text))
    }

    #[test]
    fn a_word_counts_when_it_is_whole() {
        let cases = [
            ("orders-db-01", Some("db")),
            ("DB1", Some("db")),
            ("db2", Some("db")),
            ("Orders_PostgreSQL.eu", Some("postgresql")),
            ("dbl-checker", None),
            ("mydb", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(says(DATABASES, text), expected, "{text}");
        }
        assert_eq!(says(DISPOSABLE, "citrus"), None);
        assert_eq!(says(DISPOSABLE, "gitlab/ci"), Some("ci"));
    }

    #[test]
    fn two_words_count_when_they_follow_each_other() {
        assert_eq!(says(DISPOSABLE, "etl-spark-task-3"), Some("spark task"));
        assert_eq!(says(DISPOSABLE, "task-of-spark"), None);
        assert_eq!(says(QUORUMS, "eks control plane"), Some("control plane"));
        assert_eq!(says(NOT_QUITE_PRODUCTION, "shop-non-prod"), Some("non prod"));
    }

    #[test]
    fn lists_are_in_small_letters_and_say_nothing_twice() {
        let state = [DATABASES, QUORUMS, LICENCES, STATEFUL];
        let other = [DISPOSABLE, WORKERS, NON_PRODUCTION, NOT_QUITE_PRODUCTION, PRODUCTION];
        for list in state.into_iter().chain(other) {
            for (at, entry) in list.iter().enumerate() {
                assert!(entry.chars().all(|c| c == ' ' || c.is_ascii_digit() || c.is_ascii_lowercase()), "{entry}");
                assert!(!list[..at].contains(entry), "{entry}");
                assert!(says(list, entry).is_some(), "{entry}");
            }
        }
    }

    #[test]
    fn a_plain_yes_or_no_is_told_from_other_values() {
        assert_eq!((plain(" True "), plain("0"), plain("orders")), (Some(true), Some(false), None));
    }
}
