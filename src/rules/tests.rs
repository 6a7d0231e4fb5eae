//! Pages and what comes of them: every kind of mistake on its line, hostile SQL, verdicts, cases.

use proptest::prelude::*;

use super::*;
use crate::finding::{Change, Verb, Verdicts};
use crate::id::{Meter, Target};
use crate::table::RESOURCE_MONTHLY_COSTS;

const PATH: &str = "vpc/gateway.md";

/// The smallest page that is whole.
const PAGE: &str = r#"# NAT gateway that costs more than a little

It bills every hour. The rule does not look at its traffic.

```toml
strategy = "unused"
action = "delete"
effort = "low"
restart_needed = false
rollback_possible = false
message = "{{ Meter }} runs at {{ BilledRunRate }}, above {{ least }}."

[params.least]
value = 5
unit = "currency per 730 h"
why = "Less is not worth a ticket."
```

## Query

```sql
WITH c AS (SELECT * FROM resource_monthly_costs CROSS JOIN params)
SELECT SubAccountId, RegionId, ResourceId,
       BilledRunRate > least AS Fires,
       Meter, 0 AS NewQuantity, BilledRunRate
FROM c WHERE ServiceName = 'AmazonVPC'
```

## What to do

Delete it.

## When to leave it

When somebody needs it.

## Tests

### A dear gateway fires

```csv resource_monthly_costs
SubAccountId,RegionId,ResourceId,ServiceName,Meter,BilledRunRate
111122223333,eu-west-1,nat-1,AmazonVPC,AmazonEC2/NatGateway-Hours,32.850
```

```csv expect
ResourceId,NewQuantity,BilledRunRate
nat-1,0,32.850
```

### A cheap gateway is clean

```csv resource_monthly_costs
ResourceId,ServiceName,BilledRunRate
nat-1,AmazonVPC,5
```

### A gateway without a run rate is unknown

```csv resource_monthly_costs
ResourceId,ServiceName,BilledRunRate
nat-1,AmazonVPC,
```

### A volume is not examined

```csv resource_monthly_costs
ResourceId,ServiceName,BilledRunRate
vol-1,AmazonEC2,50
```
"#;

fn rule() -> Rule {
    load(PATH, PAGE).unwrap_or_else(|error| panic!("{error}"))
}

/// The page with another query; evidence and message as before.
fn with_query(sql: &str) -> Result<Rule, RuleError> {
    let start = PAGE.find("WITH c AS").unwrap();
    let end = start + PAGE[start..].find("```").unwrap();
    let expect = "```csv expect\nResourceId,NewQuantity,BilledRunRate\nnat-1,0,32.850\n```\n";
    load(PATH, &format!("{}{sql}\n{}", &PAGE[..start], PAGE[end..].replacen(expect, "", 1)))
}

/// A typed table from CSV, by way of a case.
fn costs(rule: &Rule, csv: &str) -> Tables {
    let page = rule.page.replacen(
        "### A dear gateway fires\n\n```csv resource_monthly_costs\n",
        &format!("### Extra fires\n\n```csv resource_monthly_costs\n{csv}```\n\n### A dear gateway fires\n\n```csv resource_monthly_costs\n"),
        1,
    );
    let extended = load(PATH, &page).unwrap_or_else(|error| panic!("{error}"));
    cases::tables(&extended, &extended.cases[0]).unwrap_or_else(|error| panic!("{error}"))
}

fn target(resource: &str) -> Target {
    Target { account: None, region: None, resource: Some(resource.into()) }
}

fn judged(rule: &Rule, tables: &Tables) -> Verdicts {
    judge(rule, tables).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_whole_page_is_a_rule() {
    let rule = rule();
    assert_eq!(rule.id.as_str(), "vpc-gateway");
    assert_eq!(rule.file, "rules/vpc/gateway.md");
    assert_eq!(rule.title, "NAT gateway that costs more than a little");
    assert_eq!(rule.intro, "It bills every hour. The rule does not look at its traffic.");
    assert_eq!((rule.strategy.word(), rule.action.word(), rule.effort.word()), ("unused", "delete", "low"));
    assert_eq!((rule.message_line, rule.query_line), (11, 22));
    assert_eq!(rule.tables, ["resource_monthly_costs"]);
    assert_eq!(rule.what_to_do, "Delete it.");
    assert_eq!(rule.when_to_leave, "When somebody needs it.");
    assert_eq!(rule.parameters[0].value, ParameterValue::Integer(5));
    assert_eq!(rule.cases.len(), 4);
}

#[test]
fn words_are_spelled_as_they_are_read() {
    for strategy in super::Strategy::ALL {
        let page = PAGE.replace("strategy = \"unused\"", &format!("strategy = \"{}\"", strategy.word()));
        let page = match strategy {
            super::Strategy::Guard => page.replace("0 AS NewQuantity,", "0 AS NewQuantity, 'high' AS Level,"),
            _ => page,
        };
        assert_eq!(load(PATH, &page).map(|rule| rule.strategy), Ok(*strategy));
    }
    for action in Action::ALL {
        let page = PAGE.replace("action = \"delete\"", &format!("action = \"{}\"", action.word()));
        assert_eq!(load(PATH, &page).map(|rule| rule.action), Ok(*action));
    }
    for effort in Effort::ALL {
        let page = PAGE.replace("effort = \"low\"", &format!("effort = \"{}\"", effort.word()));
        assert_eq!(load(PATH, &page).map(|rule| rule.effort), Ok(*effort));
    }
}

#[test]
fn a_mistake_is_named_with_its_line() {
    // What the author wrote instead of what; where and how it is named.
    for (from, to, expected) in [
        ("# NAT gateway that", "NAT gateway that", "1: the page does not start with a title"),
        ("It bills every hour. ", "It bills <b>every</b> hour. ", "3: raw HTML"),
        (
            "It bills every hour. The rule does not look at its traffic.",
            "",
            "5: no introduction between title and toml fence",
        ),
        ("```toml", "```yaml", "5: a \"yaml\" fence before \"## Query\""),
        ("\"unused\"", "\"useless\"", "6: unknown variant `useless`"),
        ("effort = \"low\"", "effort = low", "8: "),
        ("effort = \"low\"", "ease = \"low\"", "8: unknown field `ease`"),
        ("{{ Meter }}", "{{ Metre }}", "11: the message names Metre"),
        ("{{ Meter }}", "{{ Meter", "11: the message does not render"),
        ("value = 5", "value = [5]", "14: parameter \"least\" is neither a number, a text nor true or false"),
        ("why = \"Less is not worth a ticket.\"", "why = \"\"", "14: parameter \"least\" does not say why"),
        ("[params.least]", "[params.percent]", "14: parameter \"percent\" has the name of a constant"),
        ("[params.least]", "[params.Least]", "14: \"Least\" is not the name of a parameter"),
        ("## Query", "## SQL", "19: unknown heading \"## SQL\""),
        ("## Query", "## What to do", "19: \"## What to do\" stands where \"## Query\" belongs"),
        ("```sql", "```", "21: a \"\" fence in \"## Query\""),
        ("SELECT * FROM resource", "SELEC * FROM resource", "22: SQL: "),
        ("FROM resource_monthly_costs", "FROM resource_monthly_cost", "22: unknown table \"resource_monthly_cost\""),
        ("FROM resource_monthly_costs", "FROM charges", "22: rules may not read table \"charges\""),
        ("WITH c AS", "WITH params AS", "22: \"params\" is the name of a table"),
        ("SELECT SubAccountId", "SELECT *, SubAccountId", "23: `*` in the outermost SELECT"),
        ("> least", "> 7", "24: bare number 7"),
        ("> least", "> 0.5", "24: number 0.5 with a point"),
        ("BilledRunRate > least", "BilldRunRate > least", "24: the query fails: "),
        ("AS Fires", "AS Burns", "22: the result has no column Fires"),
        ("BilledRunRate > least AS Fires", "BilledRunRate AS Fires", "22: column Fires is "),
        ("0 AS NewQuantity", "0 AS NewQuantity, 'high' AS Level", "22: column Level on a page that is no guard"),
        ("\"unused\"", "\"guard\"", "22: a guard page without column Level"),
        ("'AmazonVPC'\n```", "'AmazonVPC' LIMIT 1\n```", "22: LIMIT"),
        ("Delete it.", "", "29: \"## What to do\" is empty"),
        ("Delete it.", "Delete it.\n\n### Console", "33: unknown heading \"### Console\""),
        ("## Tests", "## Cases", "37: unknown heading \"## Cases\""),
        (
            "### A cheap gateway is clean",
            "### A cheap gateway",
            "51: the case \"A cheap gateway\" does not say what it expects",
        ),
        ("### A cheap gateway is clean", "### A dear gateway fires", "51: second case \"A dear gateway fires\""),
        ("### A cheap gateway is clean", "### A cheap gateway fires", "37: no case that ends in \"is clean\""),
        (
            "### A gateway without a run rate is unknown",
            "### A gateway fires",
            "37: no case that ends in \"is unknown\"",
        ),
        ("```csv expect", "```json", "46: a \"json\" fence in a case"),
        ("ResourceId,NewQuantity", "ResourceId,NewQuantities", "47: the query returns no column \"NewQuantities\""),
        ("```csv resource_monthly_costs", "```csv resource_costs", "41: the query does not read resource_costs"),
        ("```csv resource_monthly_costs", "```csv resource", "41: unknown table \"resource\""),
        (
            ",Meter,BilledRunRate\n",
            ",Metre,BilledRunRate\n",
            "42: table resource_monthly_costs has no column \"Metre\"",
        ),
        (
            "32.850\n```\n\n```csv expect",
            "dear\n```\n\n```csv expect",
            "43: BilledRunRate is \"dear\", not decimal(38,12)",
        ),
        ("nat-1,AmazonVPC,5\n", "nat-1,AmazonVPC\n", "55: 2 cells under 3 columns"),
    ] {
        assert!(PAGE.contains(from), "{from}");
        let error = load(PATH, &PAGE.replacen(from, to, 1)).map(|rule| rule.title).expect_err(expected).to_string();
        assert!(error.starts_with(&format!("rules/vpc/gateway.md:{expected}")), "expected {expected}\ngot {error}");
    }
}

#[test]
fn a_page_that_ends_early_says_what_is_missing() {
    let end = PAGE.find("## When to leave it").unwrap();
    let error = load(PATH, &PAGE[..end]).map(|rule| rule.title).unwrap_err();
    assert_eq!((error.line, error.message.as_str()), (32, "no \"## When to leave it\""));
    let error = load(PATH, &format!("{PAGE}\n# Another\n")).map(|rule| rule.title).unwrap_err();
    assert_eq!(error.message, "second title \"# Another\"");
}

#[test]
fn errors_suggest_what_was_meant() {
    let error = load(PATH, &PAGE.replacen("FROM resource_monthly_costs", "FROM resource_monthly_cost", 1)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "rules/vpc/gateway.md:22: unknown table \"resource_monthly_cost\"\nhelp: did you mean `resource_monthly_costs`?"
    );
    let error = load(PATH, &PAGE.replacen("BilledRunRate > least", "BilldRunRate > least", 1)).unwrap_err();
    assert_eq!(error.help.as_deref(), Some("did you mean `BilledRunRate`?"));
}

#[test]
fn the_path_is_the_id() {
    for path in ["gateway.md", "vpc/gateway.txt", "VPC/gateway.md", "vpc/nat_gateway.md"] {
        assert!(load(path, PAGE).is_err(), "{path}");
    }
}

#[test]
fn hostile_sql_is_refused() {
    for sql in [
        "SELECT a FROM read_csv('/etc/passwd')",
        "SELECT a FROM \"read_csv\"('/etc/passwd')",
        "SELECT a FROM READ_PARQUET('/etc/passwd')",
        "WITH x AS (SELECT * FROM read_csv('/etc/passwd')) SELECT a FROM x",
        "SELECT a FROM resources WHERE ResourceId IN (SELECT a FROM read_csv('/etc/passwd'))",
        "SELECT a FROM resources WHERE EXISTS (SELECT 1 FROM read_csv('/etc/passwd') AS f WHERE f.a = ResourceId)",
        "SELECT a FROM resources UNION ALL SELECT a FROM read_csv('/etc/passwd')",
        "SELECT a FROM resources JOIN read_csv('/etc/passwd') AS f ON f.a = ResourceId",
        "SELECT a FROM resources, read_csv('/etc/passwd')",
        "SELECT a FROM (resources CROSS JOIN read_csv('/etc/passwd'))",
        "SELECT a FROM (SELECT * FROM read_csv('/etc/passwd')) AS f",
        "SELECT (SELECT a FROM read_csv('/etc/passwd')) AS a FROM resources",
        "SELECT read_csv('/etc/passwd') AS a FROM resources",
        "SELECT a FROM TABLE(read_csv('/etc/passwd'))",
        "SELECT a FROM LATERAL (SELECT * FROM resources) AS f",
        "SELECT a FROM UNNEST([1]) AS f(a)",
        "SELECT a FROM resources ORDER BY (SELECT a FROM read_csv('/etc/passwd'))",
        "SELECT SUM(a) OVER (ORDER BY (SELECT a FROM read_csv('/etc/passwd'))) FROM resources",
        "SELECT a FROM resources GROUP BY a HAVING a IN (SELECT a FROM read_csv('/etc/passwd'))",
        "SELECT CASE WHEN a THEN (SELECT a FROM read_csv('/etc/passwd')) END FROM resources",
        "TABLE charges",
        "SELECT a FROM resources UNION ALL TABLE charges",
        "DROP TABLE resources",
        "SELECT a FROM resources; DROP TABLE resources",
        "TRUNCATE TABLE resources",
        "DELETE FROM resources",
        "COPY resources TO '/tmp/x'",
        "EXPLAIN SELECT a FROM resources",
        "SHOW TABLES",
        "CREATE TABLE x AS SELECT a FROM resources",
        "INSERT INTO resources SELECT a FROM resources",
        "SELECT a INTO x FROM resources",
        "WITH RECURSIVE x AS (SELECT a FROM resources) SELECT a FROM x",
        "WITH resources AS (SELECT a FROM commitments) SELECT a FROM resources",
        "SELECT a FROM (SELECT a FROM commitments) AS resources",
        "SELECT a FROM later",
        "WITH x AS (SELECT * FROM y), y AS (SELECT * FROM resources) SELECT a FROM x",
        "SELECT a FROM main.resources",
        "SELECT a FROM charges",
        "SELECT 1",
        "VALUES (1)",
        "",
    ] {
        assert!(guard::check(sql).is_err(), "{sql}");
    }
}

#[test]
fn careless_sql_is_refused() {
    for (sql, message) in [
        ("SELECT a FROM resources WHERE a NOT IN (SELECT b FROM commitments)", "NOT IN (SELECT …)"),
        ("SELECT a FROM resources WHERE a BETWEEN 0 AND 9", "bare number 9"),
        ("SELECT a FROM resources WHERE a IN (1, 2)", "bare number 2"),
        ("SELECT a * 730 AS b FROM resources", "bare number 730"),
        ("SELECT CAST('730' AS INT) AS b FROM resources", "bare number 730"),
        ("SELECT COALESCE(a, 0.0) AS b FROM resources", "number 0.0 with a point"),
        ("SELECT a FROM resources WHERE b > INTERVAL '90 days'", "INTERVAL"),
        ("SELECT a FROM resources FETCH FIRST 1 ROWS ONLY", "LIMIT"),
        ("SELECT RANDOM() AS a FROM resources", "function RANDOM"),
        ("SELECT CURRENT_TIMESTAMP AS a FROM resources", "function CURRENT_TIMESTAMP"),
        ("SELECT r.* FROM resources AS r", "`*` in the outermost SELECT"),
    ] {
        assert_eq!(guard::check(sql).map_err(|refusal| refusal.message), Err(message.to_owned()), "{sql}");
    }
}

#[test]
fn honest_sql_passes() {
    let example = "WITH v AS (SELECT * FROM resources CROSS JOIN params CROSS JOIN constants),
         judged AS (SELECT *, ResourceType = 'volume' AND DaysSeen >= min_age AS Fires FROM v)
        SELECT SubAccountId, RegionId, ResourceId, Fires,                                  -- storage: swap
               'AmazonEC2/EBS:VolumeUsage.gp2' AS Meter, SizeGiB AS Quantity FROM judged
        UNION ALL
        SELECT SubAccountId, RegionId, ResourceId, Fires,
               'AmazonEC2/EBS:VolumeP-IOPS.gp3', 0, GREATEST(Iops - included, 0) FROM judged";
    let joined = "SELECT r.a, ROUND(SUM(c.b) / 1, 2) AS b, COUNT(*) AS n, SUBSTR(r.a, 3, 12) AS s, -1 AS m
        FROM resources AS r LEFT JOIN commitments AS c ON c.SubAccountId = r.SubAccountId
        WHERE EXISTS (SELECT 1 FROM commitments AS d WHERE d.Meter = r.a) AND r.b IS NULL
        GROUP BY r.a HAVING SUM(c.b) > 0";
    assert_eq!(guard::check(example).map_err(|r| r.message), Ok(vec!["resources".to_owned()]));
    assert_eq!(guard::check(joined).map_err(|r| r.message), Ok(vec!["commitments".to_owned(), "resources".to_owned()]));
}

#[test]
fn deep_and_long_queries_are_refused() {
    let deep = format!("SELECT a FROM resources WHERE {}a", "a + ".repeat(2_000));
    assert!(guard::check(&deep).map_err(|r| r.message).unwrap_err().contains("nest deeper"));
    let long = format!("SELECT a FROM resources WHERE {}a", "a + ".repeat(20_000));
    assert!(guard::check(&long).map_err(|r| r.message).unwrap_err().contains("bytes"));
}

proptest! {
    #[test]
    fn the_guard_never_panics(text in ".*") {
        let _ = guard::check(&text);
    }

    #[test]
    fn no_arrangement_of_words_reads_a_file(words in prop::collection::vec(prop::sample::select(vec![
        "SELECT", "a", "*", "FROM", "resources", "read_csv('/etc/passwd')", "(", ")", "AS", "x", "JOIN", "ON", "UNION", "ALL",
        "WHERE", "EXISTS", "IN", "WITH", ",", "TABLE", "LATERAL", "0", "=", "GROUP BY", "HAVING", "ORDER BY", ";", "NOT",
    ]), 1..24)) {
        let sql = words.join(" ");
        if guard::check(&sql).is_ok() {
            prop_assert!(!sql.contains("read_csv"), "{sql}");
        }
    }

    #[test]
    fn loading_never_panics(at in 0..PAGE.len(), text in "[#`\n a-z<>{}|*]{0,8}") {
        let _ = load(PATH, &format!("{}{text}{}", &PAGE[..at], &PAGE[at..]));
    }
}

#[test]
fn a_target_fires_or_is_unknown_or_is_clean() {
    let rule = rule();
    let tables = costs(
        &rule,
        "ResourceId,ServiceName,Meter,BilledRunRate\n\
         dear,AmazonVPC,m/hours,20\ndear,AmazonVPC,m/bytes,1\ndear,AmazonVPC,m/other,\n\
         half-known,AmazonVPC,m/hours,1\nhalf-known,AmazonVPC,m/bytes,\n\
         cheap,AmazonVPC,m/hours,2\ncheap,AmazonVPC,m/bytes,3\n",
    );
    let verdicts = judged(&rule, &tables);
    assert_eq!(verdicts.clean, [target("cheap")]);
    assert_eq!(verdicts.unknown, [target("half-known")]);
    let [finding] = verdicts.findings.as_slice() else { panic!("{verdicts:?}") };
    assert_eq!(finding.target, target("dear"));
    // Only the firing row is a change.
    let [Change { meter: Some(Meter(meter)), quantity: None, verb: Verb::Drop, .. }] = finding.changes.as_slice()
    else {
        panic!("{finding:?}")
    };
    assert_eq!(meter, "m/hours");
    assert_eq!(finding.message, "m/hours runs at 20, above 5.");
    let [evidence] = finding.evidence.as_slice() else { panic!("{finding:?}") };
    assert_eq!(
        (evidence.name.as_str(), evidence.value.as_deref(), evidence.unit.as_str()),
        ("BilledRunRate", Some("20"), "currency per 730 h")
    );
}

#[test]
fn the_order_of_rows_is_irrelevant() {
    let rule = rule();
    let lines = ["b,AmazonVPC,m/1,20\n", "a,AmazonVPC,m/2,30\n", "b,AmazonVPC,m/3,40\n", "c,AmazonVPC,m/4,\n"];
    let header = "ResourceId,ServiceName,Meter,BilledRunRate\n".to_owned();
    let forward = costs(&rule, &(header.clone() + &lines.concat()));
    let backward = costs(&rule, &(header + &lines.iter().rev().copied().collect::<String>()));
    assert_eq!(format!("{:?}", judged(&rule, &forward)), format!("{:?}", judged(&rule, &backward)));
}

#[test]
fn empty_tables_give_nothing_and_an_absent_table_makes_the_scope_unknown() {
    let rule = rule();
    let empty: Tables = [("resource_monthly_costs".to_owned(), RESOURCE_MONTHLY_COSTS.empty())].into();
    let verdicts = judged(&rule, &empty);
    assert!(verdicts.findings.is_empty() && verdicts.clean.is_empty() && verdicts.unknown.is_empty());

    let verdicts = judged(&rule, &Tables::new());
    assert!(verdicts.findings.is_empty() && verdicts.clean.is_empty());
    assert_eq!(verdicts.unknown, [Target { account: None, region: None, resource: None }]);
}

/// Meter, quantity and verb.
type Row = (Option<String>, Option<String>, Verb);

/// The change or the error of one row: the contract's columns as the query gives them.
fn one_row(columns: &str) -> Result<Vec<Row>, String> {
    let sql = format!(
        "SELECT SubAccountId, RegionId, ResourceId, BilledRunRate > least AS Fires, BilledRunRate, {columns}
         FROM resource_monthly_costs CROSS JOIN params"
    );
    let rule = with_query(&sql).map_err(|error| error.to_string())?;
    let tables = costs(
        &rule,
        &format!(
            "ResourceId,MeterName,PricingUnit,BilledRunRate,RunRateQuantity,ProvisionedQuantity\n\
             r,m/old,{},20,100,0\n",
            "10".repeat(84)
        ),
    );
    let verdicts = judge(&rule, &tables).map_err(|error| error.message)?;
    let changes = verdicts.findings.into_iter().flat_map(|finding| finding.changes);
    Ok(changes.map(|c| (c.meter.map(|m| m.0), c.quantity.map(|q| q.normalize().to_string()), c.verb)).collect())
}

#[test]
fn one_row_is_one_verb() {
    let old = || Some("m/old".to_owned());
    let number = |n: i64| Some(Decimal::from(n));
    let rows =
        |columns: &str| one_row(&format!("{columns}, MeterName AS Meter")).unwrap_or_else(|error| panic!("{error}"));

    assert_eq!(rows("0 AS NewQuantity"), [(old(), None, Verb::Drop)]);
    let swap = Verb::Swap { meter: Some(Meter("m/new".into())), quantity: None };
    assert_eq!(rows("'m/new' AS NewMeter"), [(old(), None, swap)]);
    let smaller = rows("RunRateQuantity AS Quantity, BilledRunRate AS NewQuantity");
    let [(_, today, Verb::Swap { meter: None, quantity })] = smaller.as_slice() else { panic!("{smaller:?}") };
    assert_eq!((today.as_deref(), quantity.map(|q| q.normalize())), (Some("100"), number(20)));
    // An addition is a swap from nothing; an addition of nothing is no change.
    let addition = rows("0 AS Quantity, RunRateQuantity AS NewQuantity");
    assert!(matches!(&addition[..], [(_, Some(zero), Verb::Swap { .. })] if zero == "0"), "{addition:?}");
    assert!(rows("0 AS Quantity, ProvisionedQuantity AS NewQuantity").is_empty());
    // Nothing to change: investigate.
    assert!(rows("0 AS Risk").is_empty());
    let mask = rows("PricingUnit AS OffHours");
    assert!(matches!(&mask[..], [(_, None, Verb::Mask(hours))] if hours.count() == 84), "{mask:?}");
    let once = rows("'m/new' AS NewMeter, RunRateQuantity AS Once");
    assert!(matches!(&once[..], [(_, _, Verb::Swap { .. }), (_, None, Verb::Once(_))]), "{once:?}");
}

#[test]
fn a_row_that_breaks_the_contract_names_page_and_row() {
    for (columns, message) in [
        (
            "MeterName AS Meter, 'nights' AS OffHours",
            "row 1 of the result (-/-/r): OffHours has 6 marks, not 168 of 0 and 1",
        ),
        (
            "MeterName AS Meter, PricingUnit AS OffHours, 0 AS NewQuantity",
            "row 1 of the result (-/-/r): OffHours beside NewMeter or NewQuantity: one row is one verb",
        ),
        ("Meter, RunRateQuantity AS NewQuantity", "row 1 of the result (-/-/r): NewMeter or NewQuantity without Meter"),
        ("MeterName AS Meter, -1 AS NewQuantity", "row 1 of the result (-/-/r): NewQuantity is -1, less than nothing"),
        (
            "MeterName AS Meter, RunRateQuantity AS Risk",
            "row 1 of the result (-/-/r): Risk is 100, not between 0 and 1",
        ),
        ("Meter, RunRateQuantity AS Once", "row 1 of the result (-/-/r): Once without Meter"),
    ] {
        assert_eq!(one_row(columns), Err(message.to_owned()), "{columns}");
    }
}

#[test]
fn the_cases_of_a_page_are_its_tests() {
    for outcome in run_cases(&rule()) {
        assert!(outcome.passed, "{}: {}", outcome.name, outcome.detail);
    }
    let wrong =
        PAGE.replacen("nat-1,AmazonVPC,5\n", "nat-1,AmazonVPC,6\n", 1).replacen("nat-1,0,32.850", "nat-1,0,33", 1);
    let rule = load(PATH, &wrong).unwrap_or_else(|error| panic!("{error}"));
    let outcomes = run_cases(&rule);
    let passed: Vec<bool> = outcomes.iter().map(|outcome| outcome.passed).collect();
    assert_eq!(passed, [false, false, true, true]);
    assert_eq!(outcomes[0].detail, "expected rows nat-1,0,33; got nat-1,0,32.85");
    assert_eq!(outcomes[1].detail, "expected every target to be clean; firing: [-/-/nat-1], clean: [], unknown: []");
    assert_eq!(outcomes[1].line, 51);
}

#[test]
fn a_case_may_set_parameters_and_share_tables() {
    let page = PAGE
        .replacen("## Tests\n", "## Tests\n\n### Given\n\n```csv resource_monthly_costs\nResourceId,ServiceName,BilledRunRate\nvol-2,AmazonEC2,9\n```\n", 1)
        .replacen("### A cheap gateway is clean\n", "### A cheap gateway is clean\n\n```toml\nleast = 30\n```\n", 1)
        .replacen("nat-1,AmazonVPC,5\n", "nat-1,AmazonVPC,29\n", 1);
    let rule = load(PATH, &page).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rule.cases[1].tables.len(), 2);
    for outcome in run_cases(&rule) {
        assert!(outcome.passed, "{}: {}", outcome.name, outcome.detail);
    }
    let error = load(PATH, &page.replacen("least = 30", "most = 30", 1)).map(|rule| rule.title).unwrap_err();
    assert_eq!(error.message, "no parameter \"most\"");
    let error = load(PATH, &page.replacen("least = 30", "least = \"many\"", 1)).map(|rule| rule.title).unwrap_err();
    assert_eq!(error.message, "parameter \"least\" is an integer");
}

#[test]
fn parameters_can_be_set() {
    let mut rules = vec![rule()];
    set(&mut rules, "vpc-gateway.least=50").unwrap();
    assert_eq!((&rules[0].parameters[0].value, rules[0].parameters[0].changed), (&ParameterValue::Integer(50), true));
    let passed: Vec<bool> = run_cases(&rules[0]).iter().map(|outcome| outcome.passed).collect();
    assert_eq!(passed, [false, true, true, true]);
    for (assignment, message) in [
        ("least=3", "\"least=3\" sets nothing\nhelp: write rule.parameter=value, such as ebs-volume-gp2.min_age=30"),
        ("vpc-gatewy.least=3", "no rule is named \"vpc-gatewy\"\nhelp: did you mean `vpc-gateway`?"),
        ("vpc-gateway.lest=3", "rule vpc-gateway has no parameter \"lest\"\nhelp: did you mean `least`?"),
        (
            "vpc-gateway.least=few",
            "vpc-gateway.least is an integer, not \"few\"\nhelp: its value is 50 (currency per 730 h)",
        ),
    ] {
        assert_eq!(set(&mut rules, assignment).map_err(|error| error.to_string()), Err(message.to_owned()));
    }
}

#[test]
fn rules_are_chosen_by_id_or_service() {
    let other = load("ebs/volume.md", PAGE).unwrap_or_else(|error| panic!("{error}"));
    let rules = || vec![other.clone(), rule()];
    let ids = |only: &[&str], skip: &[&str]| {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<String>>();
        select(rules(), &owned(only), &owned(skip))
            .map(|rules| rules.iter().map(|rule| rule.id.to_string()).collect::<Vec<_>>().join(" "))
            .map_err(|error| error.to_string())
    };
    assert_eq!(ids(&[], &[]), Ok("ebs-volume vpc-gateway".to_owned()));
    assert_eq!(ids(&["vpc"], &[]), Ok("vpc-gateway".to_owned()));
    assert_eq!(ids(&[], &["vpc-gateway"]), Ok("ebs-volume".to_owned()));
    assert_eq!(ids(&["eb"], &[]), Err("no rule is named \"eb\"\nhelp: did you mean `ebs`?".to_owned()));
}

#[test]
fn units_of_computed_evidence_are_named_on_the_page() {
    let page = PAGE
        .replacen("[params.least]", "[units]\nYearly = \"currency per year\"\n\n[params.least]", 1)
        .replacen("BilledRunRate\nFROM c", "BilledRunRate, BilledRunRate + BilledRunRate AS Yearly\nFROM c", 1);
    let rule = load(PATH, &page).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(rule.units["Yearly"], "currency per year");
    for (name, message) in [("Monthly", "which is no evidence"), ("BilledRunRate", "whose unit is declared")] {
        let error =
            load(PATH, &page.replacen("Yearly = ", &format!("{name} = "), 1)).map(|rule| rule.title).unwrap_err();
        assert!(error.message.ends_with(message), "{error}");
    }
}

#[test]
fn the_catalogue_lists_rules_parameters_and_constants() {
    let page = catalogue(&[rule()]);
    for line in [
        "## vpc",
        "| [vpc-gateway](../rules/vpc/gateway.md) | NAT gateway that costs more than a little | unused | delete | low | no | no |",
        "| `vpc-gateway.least` | 5 currency per 730 h | Less is not worth a ticket. |  |",
    ] {
        assert!(page.contains(line), "{line}\n{page}");
    }
}

#[test]
fn built_in_pages_pass_their_checks_and_their_cases() {
    let rules = builtin()
        .unwrap_or_else(|errors| panic!("{}", errors.iter().map(RuleError::to_string).collect::<Vec<_>>().join("\n")));
    for rule in &rules {
        check(rule).unwrap_or_else(|error| panic!("{error}"));
        for outcome in run_cases(rule) {
            assert!(outcome.passed, "{}:{}: {}\n{}", rule.file, outcome.line, outcome.name, outcome.detail);
        }
    }
}
