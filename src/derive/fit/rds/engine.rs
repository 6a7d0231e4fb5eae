//! What engines do with memory.
//!
//! Knows: engines as RDS names them, and defaults of RDS. Does not know: parameter groups, which can change all of it.

/// Where an engine keeps the pages that it reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Keeps {
    /// In a pool of its own, past the kernel: MySQL, MariaDB.
    Pool,
    /// A part in buffers of its own, the rest with the kernel: PostgreSQL.
    Kernel,
    /// In fixed parts of the memory: Oracle, SQL Server, Db2.
    Fixed,
}

/// An engine.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Engine {
    pub(super) keeps: Keeps,
    pub(super) aurora: bool,
}

/// Bytes of memory for each connection that RDS allows by default, and the most (RDS user guide, quotas: maximum number of database
/// connections).
const POSTGRES_BYTES: f64 = 9_531_392.0;
const POSTGRES_MOST: f64 = 5000.0;
const MYSQL_BYTES: f64 = 12_582_880.0;
const MYSQL_MOST: f64 = 16_000.0;
const BYTES_PER_MIB: f64 = 1_048_576.0;

impl Engine {
    /// By RDS's name; `None`: an engine that is not sized here.
    pub(super) fn of(name: &str) -> Option<Self> {
        let (keeps, aurora) = match name {
            "mysql" | "mariadb" => (Keeps::Pool, false),
            "aurora-mysql" | "aurora" => (Keeps::Pool, true),
            "postgres" => (Keeps::Kernel, false),
            "aurora-postgresql" => (Keeps::Kernel, true),
            other if ["oracle", "sqlserver", "db2"].iter().any(|maker| other.starts_with(maker)) => {
                (Keeps::Fixed, false)
            }
            _ => return None,
        };
        Some(Engine { keeps, aurora })
    }

    /// Connections that a class with so much memory takes by default; `None`: it is no share of the memory, or not known.
    pub(super) fn connections(self, memory_mib: f64) -> Option<f64> {
        let of = |bytes: f64, most: f64| (memory_mib * BYTES_PER_MIB / bytes).floor().min(most);
        match (self.keeps, self.aurora) {
            (Keeps::Kernel, _) => Some(of(POSTGRES_BYTES, POSTGRES_MOST)),
            (Keeps::Pool, false) => Some(of(MYSQL_BYTES, MYSQL_MOST)),
            _ => None,
        }
    }

    /// Share of the memory that its own pool takes by default: three quarters for InnoDB and for Aurora, whose storage has no kernel's
    /// pages; a quarter for PostgreSQL's shared buffers (RDS user guide, best practices; AWS re:Post, rds-aurora-postgresql-shared-buffers).
    pub(super) fn pool(self) -> f64 {
        match (self.keeps, self.aurora) {
            (Keeps::Kernel, false) => 0.25,
            _ => 0.75,
        }
    }
}

/// Share of the memory within which all data counts as held in it: what the kernel, connections and sorting take is beside it. Aurora
/// keeps three quarters for pages. A choice.
pub(super) fn data_share(aurora: bool) -> f64 {
    if aurora { 0.6 } else { 0.7 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_follow_the_memory_as_rds_sets_them() {
        let of = |name: &str, gib: f64| Engine::of(name).unwrap().connections(gib * 1024.0);
        assert_eq!(
            [of("postgres", 16.0), of("postgres", 32.0), of("postgres", 256.0)],
            [1802.0, 3604.0, 5000.0].map(Some)
        );
        assert_eq!([of("mysql", 16.0), of("aurora-postgresql", 16.0)], [1365.0, 1802.0].map(Some));
        assert_eq!([of("aurora-mysql", 16.0), of("oracle-se2", 16.0)], [None, None]);
    }

    #[test]
    fn what_is_not_sized_is_no_engine_here() {
        assert!(["docdb", "neptune", "custom-oracle-ee"].iter().all(|name| Engine::of(name).is_none()));
    }
}
