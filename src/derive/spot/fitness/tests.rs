//! Vetoes, points and what is unknown, on small sets of facts.

use super::*;

/// Everything speaks for it.
fn best() -> Facts {
    Facts {
        owner: Some(Owner::Group),
        instances: Some(6),
        load_balancer_health: Some(true),
        keeps_state: Some(false),
        licence_bound: Some(false),
        median_life_days: Some(1.5),
        ended_in_30_days: Some(40),
        several_types: Some(true),
        pools: Some(12),
        boot_seconds: Some(90.0),
        names: vec!["shop-build-runners".to_owned()],
        tags: vec![("Environment".to_owned(), "staging".to_owned())],
    }
}

/// Everything is known and nothing speaks for it.
fn plainest() -> Facts {
    Facts {
        instances: Some(1),
        load_balancer_health: Some(false),
        median_life_days: Some(200.0),
        ended_in_30_days: Some(0),
        several_types: Some(false),
        pools: Some(1),
        boot_seconds: Some(900.0),
        names: vec!["shop-web".to_owned()],
        tags: vec![("Environment".to_owned(), "prod".to_owned())],
        ..best()
    }
}

fn named(name: &str) -> Facts {
    Facts { names: vec![name.to_owned()], ..best() }
}

fn tagged(key: &str, value: &str) -> Facts {
    Facts { tags: vec![(key.to_owned(), value.to_owned())], ..best() }
}

fn bars(facts: &Facts) -> Vec<Bar> {
    fitness(facts).vetoes.into_iter().map(|veto| veto.bar).collect()
}

#[test]
fn every_sign_together_makes_100() {
    let fitness = fitness(&best());
    assert_eq!(fitness.score, 100);
    assert_eq!((fitness.vetoes.len(), fitness.unknown.len()), (0, 0), "{fitness:?}");
    let points: Vec<u8> = fitness.reasons.iter().map(|(points, _)| *points).collect();
    assert_eq!(points, [25, 20, 15, 10, 10, 10, 10]);
    let sentences: Vec<&str> = fitness.reasons.iter().map(|(_, sentence)| sentence.as_str()).collect();
    let expected = [
        "6 instances stand behind a load balancer's health checks.",
        "40 instances ended in 30 days, half of them after 1.5 days or less.",
        "A name or tag says \"runners\": work that can start again.",
        "It may run on several types already.",
        "It can use 12 pools, counted as types times zones.",
        "A new instance serves after 90 seconds.",
        "A name or tag says \"staging\": no customer sees an outage.",
    ];
    assert_eq!(sentences, expected);
}

#[test]
fn nothing_that_speaks_for_it_makes_0_without_a_veto() {
    let fitness = fitness(&plainest());
    assert_eq!(fitness, Fitness::default());
}

#[test]
fn each_sign_earns_its_points_alone() {
    let cases = [
        (25, Facts { instances: Some(2), load_balancer_health: Some(true), ..plainest() }),
        (20, Facts { median_life_days: Some(6.9), ended_in_30_days: Some(5), ..plainest() }),
        (15, Facts { owner: Some(Owner::Batch), ..plainest() }),
        (15, Facts { owner: Some(Owner::EmrTask), ..plainest() }),
        (15, Facts { names: vec!["orders-worker".to_owned()], ..plainest() }),
        (10, Facts { several_types: Some(true), ..plainest() }),
        (10, Facts { pools: Some(6), ..plainest() }),
        (10, Facts { boot_seconds: Some(180.0), ..plainest() }),
        (10, Facts { tags: vec![("env".to_owned(), "qa".to_owned())], ..plainest() }),
    ];
    for (points, facts) in cases {
        let fitness = fitness(&facts);
        assert_eq!((fitness.score, fitness.reasons.len()), (points, 1), "{fitness:?}");
    }
}

#[test]
fn just_beyond_a_limit_nothing_is_earned() {
    let cases = [
        Facts { instances: Some(1), load_balancer_health: Some(true), ..plainest() },
        Facts { median_life_days: Some(7.0), ended_in_30_days: Some(5), ..plainest() },
        Facts { median_life_days: Some(6.9), ended_in_30_days: Some(4), ..plainest() },
        Facts { pools: Some(5), ..plainest() },
        Facts { boot_seconds: Some(181.0), ..plainest() },
    ];
    for facts in cases {
        assert_eq!(fitness(&facts), Fitness::default());
    }
}

#[test]
fn a_veto_beats_any_score() {
    let cases = [
        (Bar::Alone, Facts { owner: Some(Owner::Alone), ..best() }),
        (Bar::EmrCore, Facts { owner: Some(Owner::EmrCore), ..best() }),
        (Bar::State, Facts { keeps_state: Some(true), ..best() }),
        (Bar::Licence, Facts { licence_bound: Some(true), ..best() }),
        (Bar::Database, named("ci-postgres-01")),
        (Bar::Quorum, named("build-etcd")),
        (Bar::Quorum, named("kafka_broker_3")),
        (Bar::Licence, named("byol-render-farm")),
        (Bar::Stated, tagged("Stateful", "true")),
        (Bar::Database, tagged("Role", "Orders Database")),
    ];
    for (bar, facts) in cases {
        let fitness = fitness(&facts);
        assert_eq!(fitness.score, 0, "{bar:?}");
        assert!(!fitness.reasons.is_empty(), "{bar:?}");
        assert_eq!(bars(&facts), [bar]);
        assert!(fitness.vetoes.iter().all(|veto| veto.sentence.ends_with('.')), "{fitness:?}");
    }
}

#[test]
fn vetoes_are_all_listed() {
    let facts = Facts { owner: Some(Owner::Alone), keeps_state: Some(true), ..named("primary-mysql") };
    assert_eq!(bars(&facts), [Bar::Alone, Bar::State, Bar::Database, Bar::Quorum]);
}

#[test]
fn the_unknown_earns_nothing_and_says_what_would_settle_it() {
    let fitness = fitness(&Facts::default());
    assert_eq!((fitness.score, fitness.vetoes.len(), fitness.reasons.len()), (0, 0, 0));
    // Three that could be vetoes, and seven signs.
    assert_eq!(fitness.unknown.len(), 10);
    assert!(fitness.unknown.iter().all(|sentence| sentence.contains("would tell")), "{fitness:?}");
}

#[test]
fn each_unknown_fact_takes_its_points_away_and_asks_once() {
    let cases = [
        (75, Facts { instances: None, ..best() }),
        (75, Facts { load_balancer_health: None, ..best() }),
        (80, Facts { median_life_days: None, ..best() }),
        (80, Facts { ended_in_30_days: None, ..best() }),
        (90, Facts { several_types: None, ..best() }),
        (90, Facts { pools: None, ..best() }),
        (90, Facts { boot_seconds: None, ..best() }),
        (90, Facts { tags: Vec::new(), ..best() }),
        (100, Facts { keeps_state: None, ..best() }),
        (100, Facts { licence_bound: None, ..best() }),
    ];
    for (score, facts) in cases {
        let fitness = fitness(&facts);
        assert_eq!((fitness.score, fitness.unknown.len()), (score, 1), "{fitness:?}");
    }
}

#[test]
fn one_fact_that_is_against_a_sign_leaves_nothing_to_ask() {
    // A single instance: whether a load balancer stands before it does not matter.
    let facts = Facts { load_balancer_health: None, ..plainest() };
    assert_eq!(fitness(&facts).unknown.len(), 0);
    let facts = Facts { owner: Some(Owner::Batch), instances: None, load_balancer_health: None, ..best() };
    assert_eq!(fitness(&facts).unknown.len(), 0);
}

#[test]
fn a_plain_no_in_a_tag_says_nothing_and_settles_state() {
    let facts = Facts { keeps_state: None, ..tagged("stateful", "No") };
    let fitness = fitness(&facts);
    assert_eq!(fitness.vetoes.len(), 0);
    assert!(fitness.unknown.iter().all(|sentence| !sentence.contains("disks")), "{fitness:?}");
    assert_eq!(bars(&tagged("database", "false")).len(), 0);
    // A key speaks only where its value says yes.
    assert_eq!(bars(&tagged("primary-contact", "anna")).len(), 0);
    assert_eq!(bars(&tagged("acme:primary", "yes")), [Bar::Quorum]);
}

#[test]
fn a_worker_of_kubernetes_is_any_node() {
    let facts = |owner: Owner| Facts { owner: Some(owner), names: vec!["shop-worker".to_owned()], ..plainest() };
    assert_eq!(fitness(&facts(Owner::Group)).score, 15);
    assert_eq!(fitness(&facts(Owner::Eks)).score, 0);
}

#[test]
fn names_that_speak_of_production_too_earn_nothing() {
    let score = |value: &str| fitness(&Facts { tags: vec![("env".to_owned(), value.to_owned())], ..plainest() }).score;
    assert_eq!([score("test"), score("non-prod"), score("preprod")], [10, 10, 10]);
    assert_eq!([score("prod"), score("prod-load-test")], [0, 0]);
}
