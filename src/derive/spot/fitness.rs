//! Whether a workload bears that its instances are taken back with two minutes' notice.
//!
//! Some things never do, whatever else is true: those are vetoes. Of the rest a score adds up the signs that an end is nothing
//! special here. What is not known earns nothing and is listed with what would settle it. The signs and their points are those
//! of ALGORITHMS 3. AWS says that Spot does not suit what is inflexible, stateful, fault-intolerant or tightly coupled (EC2
//! User Guide, Best practices for EC2 Spot).
//!
//! Knows: facts about one workload, words in names. Does not know: where facts come from, what is saved (`net`). Sentences cite
//! words of our own lists and never a name, so that they need no redaction.

mod signs;
pub mod words;

use signs::{Sign, signs};
use words::{DATABASES, LICENCES, NOT_QUITE_PRODUCTION, PRODUCTION, QUORUMS, STATEFUL, found, plain};

/// What starts an instance and replaces it when it goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Owner {
    /// Nothing: it was started by itself.
    Alone,
    /// An Auto Scaling group.
    Group,
    /// ECS, on instances or Fargate.
    Ecs,
    /// EKS or another Kubernetes: a node group, Karpenter.
    Eks,
    /// AWS Batch.
    Batch,
    /// EMR, as a task node, which holds no data.
    EmrTask,
    /// EMR, as primary or core node.
    EmrCore,
}

/// What is known of a workload; `None` and empty: not known.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Facts {
    /// What starts and replaces its instances.
    pub owner: Option<Owner>,
    /// Instances that run, usually.
    pub instances: Option<u32>,
    /// Whether a load balancer's health checks decide which instances serve and which are replaced.
    pub load_balancer_health: Option<bool>,
    /// Whether instance stores or volumes hold what cannot be made again from elsewhere.
    pub keeps_state: Option<bool>,
    /// Whether software or terms bind it to its machine: a dedicated host, a licence for the machine, a marketplace product
    /// that is not sold for spot.
    pub licence_bound: Option<bool>,
    /// Days that half of its ended instances did not live.
    pub median_life_days: Option<f64>,
    /// Instances that ended in the last 30 days.
    pub ended_in_30_days: Option<u32>,
    /// Whether it may run on several types: a mixed instances policy, or types chosen by attributes.
    pub several_types: Option<bool>,
    /// Types × zones that it can use.
    pub pools: Option<u32>,
    /// Seconds from launch to service, by lifecycle events.
    pub boot_seconds: Option<f64>,
    /// Names: of instances, groups, images, roles, and of the account.
    pub names: Vec<String>,
    /// Tags: key, value.
    pub tags: Vec<(String, String)>,
}

/// What rules spot capacity out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Bar {
    /// Nothing replaces the instance.
    Alone,
    /// It keeps what cannot be made again.
    State,
    /// EMR's primary or core node.
    EmrCore,
    /// A database, store or cache.
    Database,
    /// A member of a quorum, a broker, a leader.
    Quorum,
    /// A licence or terms.
    Licence,
    /// Its owner says that it has state.
    Stated,
}

/// A bar that is there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Veto {
    /// Which.
    pub bar: Bar,
    /// The evidence, in a sentence.
    pub sentence: String,
}

/// How well a workload bears interruptions.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Fitness {
    /// 0 to 100: the points of the reasons; 0 with a veto.
    pub score: u8,
    /// What rules it out.
    pub vetoes: Vec<Veto>,
    /// What speaks for it: points and evidence. They stay with a veto, without counting.
    pub reasons: Vec<(u8, String)>,
    /// What is not known, and what would settle it.
    pub unknown: Vec<String>,
    /// Whether some of it could still be a veto.
    pub unsettled: bool,
}

/// Judges a workload by what is known of it.
#[must_use]
pub fn fitness(facts: &Facts) -> Fitness {
    let said = Said::new(facts);
    let mut out = Fitness { vetoes: vetoes(facts, &said), ..Fitness::default() };
    out.unknown.extend(unsettled(facts).map(str::to_owned));
    out.unsettled = !out.unknown.is_empty();
    for sign in signs(facts, &said) {
        match sign {
            Sign::There(points, sentence) => out.reasons.push((points, sentence)),
            Sign::Missing => {}
            Sign::Unknown(sentence) => out.unknown.push(sentence.to_owned()),
        }
    }
    if out.vetoes.is_empty() {
        out.score = out.reasons.iter().map(|(points, _)| points).sum();
    }
    out
}

/// The words of each name and tag.
struct Said(Vec<Vec<[String; 2]>>);

impl Said {
    /// Of a tag its value speaks, or its key where the value is a plain yes; with a plain no it says nothing.
    fn new(facts: &Facts) -> Said {
        let tags = facts.tags.iter().filter_map(|(key, value)| match plain(value) {
            Some(true) => Some(key),
            Some(false) => None,
            None => Some(value),
        });
        let texts = facts.names.iter().chain(tags).map(|text| words::words(text));
        Said(texts.filter(|words| !words.is_empty()).collect())
    }

    fn of(&self, list: &[&'static str]) -> Option<&'static str> {
        self.0.iter().find_map(|words| found(list, words))
    }

    fn production(&self) -> bool {
        let says = |words: &[[String; 2]], list: &[&'static str]| found(list, words).is_some();
        self.0.iter().any(|words| says(words, PRODUCTION) && !says(words, NOT_QUITE_PRODUCTION))
    }
}

fn vetoes(facts: &Facts, said: &Said) -> Vec<Veto> {
    let mut out = Vec::new();
    let mut add = |bar: Bar, sentence: String| out.push(Veto { bar, sentence });
    match facts.owner {
        Some(Owner::Alone) => add(Bar::Alone, "Nothing replaces this instance when it is taken back.".to_owned()),
        Some(Owner::EmrCore) => {
            add(Bar::EmrCore, "EMR's primary and core nodes hold the cluster and its data.".to_owned())
        }
        _ => {}
    }
    if facts.keeps_state == Some(true) {
        add(Bar::State, "Its disks hold what cannot be made again.".to_owned());
    }
    if facts.licence_bound == Some(true) {
        add(Bar::Licence, "A licence or terms bind it to its machine.".to_owned());
    }
    let lists = [
        (Bar::Database, DATABASES, "a database, store or cache"),
        (Bar::Quorum, QUORUMS, "a broker, leader or member of a quorum"),
        (Bar::Licence, LICENCES, "software that is licensed to its machine"),
        (Bar::Stated, STATEFUL, "state, in its owner's own words"),
    ];
    for (bar, list, meaning) in lists {
        if let Some(word) = said.of(list) {
            add(bar, format!("A name or tag says \"{word}\": {meaning}."));
        }
    }
    out
}

/// What could still be a veto.
fn unsettled(facts: &Facts) -> impl Iterator<Item = &'static str> {
    let stateless = facts
        .tags
        .iter()
        .any(|(key, value)| plain(value) == Some(false) && found(STATEFUL, &words::words(key)).is_some());
    let open = [
        (
            facts.owner.is_none(),
            "What replaces an instance is not known: the tags that Auto Scaling, ECS, EKS, Batch and EMR set would tell.",
        ),
        (
            facts.keeps_state.is_none() && !stateless,
            "Whether its disks hold what cannot be made again is not known: volumes that outlive their instance and instance \
             stores in use would tell, or the tag Stateful.",
        ),
        (
            facts.licence_bound.is_none(),
            "Whether a licence binds it to its machine is not known: tenancy, product codes and license configurations would \
             tell.",
        ),
    ];
    open.into_iter().filter_map(|(is_open, sentence)| is_open.then_some(sentence))
}

#[cfg(test)]
mod tests;
