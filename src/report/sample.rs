//! A small, plausible review for the tests of the report.

use rust_decimal::Decimal;

use crate::review::*;

mod growth;

/// An amount from its text.
pub(crate) fn amount(text: &str) -> Amount {
    Amount(text.parse::<Decimal>().unwrap())
}

fn line(key: &str, billed: &str, effective: &str) -> Line {
    Line { key: key.into(), billed: amount(billed), effective: amount(effective) }
}

fn compared(what: &str, expected: &str) -> TieOutLine {
    TieOutLine {
        what: what.into(),
        expected: amount(expected),
        found: amount(expected),
        residual: amount("0"),
        ties: true,
    }
}

fn figures(on_demand: &str, cost: &str) -> Figures {
    Figures {
        on_demand: amount(on_demand),
        cost: amount(cost),
        coverage: Some(amount("0.61")),
        utilization: None,
        effective_savings_rate: Some(amount("0.2")),
    }
}

/// A finding in the plan: a gp2 volume.
pub(crate) fn finding() -> FindingView {
    FindingView {
        id: "ebs-volume-gp2@0a1b2c3d".into(),
        rule: "ebs-volume-gp2".into(),
        title: "gp2 volume that would cost less as gp3".into(),
        strategy: "modernize".into(),
        action: "upgrade".into(),
        effort: "low".into(),
        restart_needed: false,
        rollback_possible: true,
        account: Some("111122223333".into()),
        region: Some("eu-central-1".into()),
        resource: Some("vol-0123456789abcdef0".into()),
        group: None,
        service: Some("AmazonEC2".into()),
        message: "500 GiB of gp2; gp3 keeps its 1500 IOPS for less.".into(),
        standing: Standing::Chosen,
        standing_reason: None,
        cost: Some(amount("59.5")),
        list: Some(amount("11.9")),
        effective: Some(amount("11.305")),
        net: Some(amount("11.305")),
        net_from: None,
        committed: false,
        purchase: None,
        once: None,
        changes: vec![ChangeView {
            verb: "swap".into(),
            meter: Some("AmazonEC2/EBS:VolumeUsage.gp2".into()),
            new_meter: Some("AmazonEC2/EBS:VolumeUsage.gp3".into()),
            less: false,
            cost: Some(amount("56.525")),
            new_cost: Some(amount("45.22")),
            price_source: Some("catalogue 2026-06".into()),
        }],
        evidence: vec![
            EvidenceView { name: "SizeGiB".into(), value: Some("500".into()), unit: "GiB".into() },
            EvidenceView { name: "AgeDays".into(), value: None, unit: "days".into() },
        ],
        parameters: vec![ParameterView {
            name: "min_age".into(),
            value: "7".into(),
            unit: "days".into(),
            why: "Younger volumes are often short-lived.".into(),
            changed: false,
        }],
        tags: vec![TagValue { key: "team".into(), value: "shop".into() }],
        what_to_do: "## CLI\n\n```sh\naws ec2 modify-volume --volume-type gp3\n```\n".into(),
        when_to_leave: "When the volume is deleted *this month*.".into(),
        risk: None,
        apply: None,
    }
}

/// A finding outside the plan.
fn outside(id: &str, standing: Standing, reason: &str) -> FindingView {
    FindingView {
        id: id.into(),
        rule: id.split('@').next().unwrap_or_default().into(),
        standing,
        standing_reason: Some(reason.into()),
        cost: None,
        list: None,
        effective: None,
        net: None,
        changes: Vec::new(),
        ..finding()
    }
}

/// What a rule could not judge.
fn unknown(rule: &str, title: &str, guard: bool, cost: &str) -> Unknown {
    Unknown {
        rule: rule.into(),
        title: title.into(),
        guard,
        resources: 3,
        cost: amount(cost),
        remedy: "collect DatabaseConnections (cloudwatch:GetMetricData)".into(),
    }
}

/// Two chosen findings, one held back by a commitment, one unpriced, one hygiene.
pub(crate) fn sample() -> Review {
    let instance = FindingView {
        id: "ec2-instance-oversized@4e5f6071".into(),
        rule: "ec2-instance-oversized".into(),
        title: "Instance whose history fits a smaller shape".into(),
        strategy: "rightsize".into(),
        action: "rightsize".into(),
        restart_needed: true,
        resource: Some("i-0fedcba9876543210".into()),
        message: "m6i.2xlarge; its 30 days fit m6i.xlarge.".into(),
        cost: Some(amount("280.32")),
        list: Some(amount("140.16")),
        effective: Some(amount("120.5")),
        net: Some(amount("40.25")),
        net_from: Some("2026-11-01".into()),
        committed: true,
        purchase: Some(PurchaseView {
            items: vec![ItemView {
                term: "Compute Savings Plan, 1 year, no upfront".into(),
                scope: "m5 in eu-west-1".into(),
                count: Some(amount("2")),
                hourly: amount("1.234"),
                upfront: amount("100"),
                utilization: Some(amount("0.98")),
                break_even: amount("0.72"),
                break_even_month: Some(amount("7.5")),
                monthly_part: Some(amount("0.205")),
            }],
            hourly: amount("1.234"),
            over_commit: amount("0.125"),
            if_usage_falls: amount("-3.5"),
            regret_if_usage_falls: amount("4.75"),
            at_worst_rates: Some(amount("12.25")),
            last_dollar: Some(amount("280.5")),
            frontier: vec![(amount("0"), amount("0")), (amount("1.234"), amount("40.25"))],
            terms: vec![TermView {
                term: "Compute Savings Plan, 3 years, partial upfront".into(),
                taken: true,
                hourly: amount("1.125"),
                upfront: amount("14782.5"),
                saving: amount("52.75"),
                futures: Some(FuturesView { mean: amount("41.5"), low: amount("-12.25"), loss: amount("0.07") }),
                interest: Some(amount("0.0625")),
            }],
        }),
        once: Some(amount("1.5")),
        risk: Some(amount("0.02")),
        ..finding()
    };
    let findings = vec![
        instance,
        finding(),
        outside("s3-bucket-versions@aabbccdd", Standing::Unpriced, "no price for this meter"),
        outside("ec2-security-group-unused@00112233", Standing::Hygiene, "worth nothing"),
    ];
    let strategy = |name: &str, effective: &str, net: &str| StrategyLine {
        strategy: name.into(),
        findings: 1,
        effective: amount(effective),
        net: amount(net),
    };
    let row = |key: Option<&str>, billed: &str, previous: Option<&str>| BreakdownRow {
        key: key.map(Into::into),
        billed: amount(billed),
        effective: amount(billed),
        previous: previous.map(amount),
        change: previous.map(|_| amount("-12.5")),
        share: Some(amount("0.5678")),
    };
    Review {
        version: VERSION.into(),
        tool: "0.1.0".into(),
        demo: true,
        as_of: "2026-06-30".into(),
        currency: "USD".into(),
        period: Period { first: "2026-06-01".into(), last: "2026-06-30".into() },
        sources: vec![Source {
            name: "acme-2026-06.csv".into(),
            format: "CUR 2.0".into(),
            rows: 33_120,
            total: amount("12345.674999"),
        }],
        spend: Some(Spend {
            billed: amount("12345.674999"),
            amortized: amount("11020.5"),
            effective: amount("11020.5"),
            list: Some(amount("14000")),
            billed_run_rate: amount("12000"),
            effective_run_rate: amount("10900.123"),
            by_category: vec![line("Usage", "11000", "11020.5"), line("Tax", "1345.674999", "0")],
            by_type: vec![line("Usage", "11000", "11020.5")],
            account: vec![AccountLine {
                kind: "Usage on demand".into(),
                charges: 100,
                cash: amount("12345.674999"),
                amortized: amount("11020.5"),
                net: amount("11020.5"),
            }],
            by_month: vec![MonthLine {
                key: Some("2026-06-01".into()),
                billed: amount("12345.674999"),
                effective: amount("11020.5"),
                state: MonthState::NotFinal,
            }],
        }),
        tie_out: Some(TieOut {
            ties: true,
            file_total: amount("12345.674999"),
            reviewed_total: amount("12345.674999"),
            residual: amount("0"),
            rows_in_files: 33_120,
            rows_reviewed: 33_120,
            aggregates: vec![compared("daily_costs", "12345.674999")],
            dimensions: vec![compared("account 111122223333", "12345.674999")],
            identities: vec![compared("covered + negation", "0")],
            life_identities: Vec::new(),
            invoice: Some(compared("invoice", "12345.67")),
        }),
        cost_explorer: Some(CostExplorer {
            first: "2026-06-01".into(),
            last: "2026-06-30".into(),
            currency: "USD".into(),
            months: vec![CostMonth {
                month: "2026-06".into(),
                days: 30,
                billed: amount("12345.67"),
                effective: amount("11020.5"),
                of_bill: Some(amount("12345.674999")),
                residual: Some(amount("0.004999")),
            }],
            parts: vec![CostPart { dimension: "service".into(), rows: vec![line("AmazonEC2", "12345.67", "11020.5")] }],
        }),
        estimate: Some(Estimate {
            per_month: amount("1234.5"),
            resources: 12,
            parts: vec![EstimateParts {
                dimension: "service".into(),
                rows: vec![EstimateLine { key: Some("AmazonEC2".into()), resources: 12, per_month: amount("1234.5") }],
            }],
            unpriced: vec![UnpricedLine {
                table: "ebs_snapshots".into(),
                why: "which blocks are charged only a bill says".into(),
                resources: 3,
            }],
        }),
        plan: PlanView {
            gross: amount("135.805"),
            overlap: amount("4"),
            committed: amount("80.25"),
            net: amount("51.555"),
            list: amount("152.06"),
            without_list: 0,
            effective: amount("131.805"),
            once: amount("1.5"),
            net_from: vec![NetFrom { date: Some("2026-11-01".into()), adds: amount("80.25") }],
            chosen: 2,
            unpriced: 1,
            hygiene: 1,
            risks: 1,
            by_strategy: vec![strategy("rightsize", "120.5", "40.25"), strategy("modernize", "11.305", "11.305")],
            order: vec![Stage {
                name: "Quick wins".into(),
                findings: vec!["ebs-volume-gp2@0ad5f008".into()],
                net: amount("11.305"),
                so_far: amount("11.305"),
            }],
        },
        findings,
        unknown: vec![
            unknown("rds-instance-idle", "Database without connections", false, "612.9"),
            unknown("ec2-disk-filling", "Instance with a disk that fills up", true, "245.5"),
        ],
        unknown_cost: amount("612.9"),
        unknown_guard_cost: amount("245.5"),
        unknown_most: Some(Settles {
            remedy: "collect DatabaseConnections (cloudwatch:GetMetricData)".into(),
            resources: 3,
            cost: amount("612.9"),
        }),
        next: vec![Ask {
            ask: "the same export with hourly granularity (TIME_GRANULARITY = HOURLY)".into(),
            why: "charges per day or month do not say in which hours something was used".into(),
            cost: Some(amount("612.9")),
            rules: vec!["ec2-instance-quiet-hours".into()],
        }],
        growth: Some(growth::growth()),
        rules: vec![RuleLine {
            rule: "ebs-volume-gp2".into(),
            title: "gp2 volume that would cost less as gp3".into(),
            strategy: "modernize".into(),
            examined: 10,
            fires: 1,
            clean: 9,
            unknown: 0,
            net: amount("11.305"),
        }],
        alerts: vec![Alert {
            level: "high".into(),
            finding: "rds-storage-full@deadbeef".into(),
            title: "Storage runs full".into(),
            account: Some("111122223333".into()),
            region: Some("eu-central-1".into()),
            resource: Some("arn:aws:rds:eu-central-1:111122223333:db:orders".into()),
            message: "7 days left at the present growth.".into(),
        }],
        advice: Some(Advice {
            files: vec![AdviceFile {
                name: "hub.csv".into(),
                origin: "Cost Optimization Hub".into(),
                recommendations: 1,
            }],
            agree: 0,
            disagree: 1,
            only_theirs: 0,
            only_ours: 0,
            comparisons: vec![ComparisonView {
                state: AdviceState::Disagree,
                account: Some("111122223333".into()),
                what: Some("i-0fedcba9876543210".into()),
                origin: Some("Cost Optimization Hub".into()),
                also: vec!["Compute Optimizer".into()],
                theirs: Some("rightsize to m6i.large".into()),
                their_saving: Some(amount("210.24")),
                their_basis: Some("after discounts".into()),
                finding: Some("ec2-instance-oversized@1a2b3c4d".into()),
                our_saving: Some(amount("120.5")),
                reason: "they propose m6i.large, we m6i.xlarge".into(),
            }],
        }),
        outlook: Some(Outlook {
            today: figures("1000", "800"),
            planned: figures("900", "700"),
            expiries: vec![
                Expiry { date: Some("2027-01-20".into()), fees: amount("277.4"), step: amount("82.5") },
                Expiry { date: None, fees: amount("10"), step: amount("-10") },
            ],
            over_commit: amount("0.125"),
            futures: Some(FuturesView { mean: amount("30"), low: amount("-4.5"), loss: amount("0.06") }),
        }),
        simulation: Some(Simulation {
            from: "2026-09-01".into(),
            until: "2026-09-30".into(),
            lines: vec![
                SimulationLine {
                    service: Some("AmazonEC2".into()),
                    billed: amount("800"),
                    simulated: amount("801.25"),
                    residual: amount("1.25"),
                },
                SimulationLine { service: None, billed: amount("3"), simulated: amount("3"), residual: amount("0") },
            ],
            worst: amount("0.0015625"),
            left_out: vec!["arn:aws:savingsplans::111122223333:savingsplan/x: its fee is not in the bill".into()],
        }),
        commitments: vec![CommitmentView {
            id: "sp-0001".into(),
            kind: "Savings Plan".into(),
            account: Some("111122223333".into()),
            used: amount("700"),
            unused: amount("20"),
            utilization: Some(amount("0.972222222222")),
            ends: Some("2026-11-01".into()),
        }],
        breakdowns: vec![
            Breakdown {
                dimension: "service".into(),
                month: "2026-06".into(),
                rows: vec![row(Some("AmazonEC2"), "7000", Some("7012.5")), row(None, "12.5", None)],
            },
            Breakdown {
                dimension: "tag:team".into(),
                month: "2026-06".into(),
                rows: vec![row(Some("shop"), "5000", None)],
            },
        ],
        tag_coverage: vec![TagCoverage {
            key: "team".into(),
            tagged: amount("5000"),
            untagged: amount("6020.5"),
            coverage: Some(amount("0.4537")),
            values: 4,
        }],
        days: (1..=30)
            .map(|day| DayCost {
                day: format!("2026-06-{day:02}"),
                billed: Amount(Decimal::from(350 + day * 2)),
                effective: Amount(Decimal::from(340 + day)),
            })
            .collect(),
        owners: vec![
            Owner {
                name: Some("shop".into()),
                effective: amount("5000"),
                net: amount("51.555"),
                findings: vec!["ebs-volume-gp2@0a1b2c3d".into()],
            },
            Owner { name: None, effective: amount("6020.5"), net: amount("0"), findings: Vec::new() },
        ],
        by: Some("tag:team".into()),
        gaps: vec![Gap {
            what: "no hourly usage".into(),
            place: "acme-2026-06.csv".into(),
            remedy: "export with hourly granularity".into(),
        }],
    }
}
