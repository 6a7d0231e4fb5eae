//! The guard over the SQL of a page: a security boundary, because pages come from strangers and the engine's SQL reads
//! files (`FROM read_csv('/etc/passwd')`) and drops tables.
//!
//! Knows: the parser of the engine, same version, same dialect, same options, so that both read one text alike. It
//! allows what it knows and refuses everything else: every table factor, every expression, every function. Does not
//! know: columns and types; running on empty tables finds those.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use sqlparser::ast::{
    BinaryOperator, CeilFloorKind, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident, ObjectName,
    Query, Select, SelectItem, SetExpr, Spanned, Statement, TableFactor, UnaryOperator, Value, ValueWithSpan, Visit,
    Visitor,
};
use sqlparser::dialect::GenericDialect;
use sqlparser::parser::{Parser, ParserOptions};

use super::suggestion;
use crate::table;

/// Longest query, in bytes. Honest pages have a third of it; far longer ones could overflow the stack.
const LONGEST: usize = 12_000;
/// Deepest nesting of expressions, for the same reason.
const DEEPEST: usize = 120;

/// The one-row tables that every rule may read.
const ONE_ROW: [&str; 2] = ["params", "constants"];

/// Functions that a page may call: scalar, aggregate and window functions of the engine that are pure.
const FUNCTIONS: &[&str] = &[
    "abs",
    "avg",
    "ceil",
    "ceiling",
    "char_length",
    "character_length",
    "coalesce",
    "concat",
    "concat_ws",
    "count",
    "date",
    "date_part",
    "div",
    "ends_with",
    "exp",
    "first_value",
    "floor",
    "greatest",
    "if",
    "ifnull",
    "lag",
    "last_value",
    "lead",
    "least",
    "left",
    "length",
    "ln",
    "log",
    "log10",
    "log2",
    "lower",
    "lpad",
    "ltrim",
    "max",
    "median",
    "min",
    "mod",
    "nullif",
    "octet_length",
    "pow",
    "power",
    "regexp_like",
    "replace",
    "reverse",
    "right",
    "round",
    "row_number",
    "rpad",
    "rtrim",
    "sign",
    "split_part",
    "sqrt",
    "starts_with",
    "stddev",
    "stddev_samp",
    "strftime",
    "string_agg",
    "strpos",
    "strptime",
    "substr",
    "sum",
    "timestamp",
    "total",
    "trunc",
    "truncate",
    "upper",
    "var_samp",
    "variance",
];

/// Functions whose further arguments are positions, places or lengths: plain numbers there are no thresholds.
const COUNTING: &[&str] =
    &["lag", "lead", "left", "lpad", "right", "round", "rpad", "split_part", "strpos", "substr", "trunc", "truncate"];

/// Why a query is refused.
pub(super) struct Refusal {
    /// Line of the query, 1 is its first.
    pub(super) line: usize,
    /// What is refused.
    pub(super) message: String,
    /// What to write instead.
    pub(super) help: String,
}

fn refusal(line: u64, message: impl Into<String>, help: impl Into<String>) -> Box<Refusal> {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    Box::new(Refusal { line, message: message.into(), help: help.into() })
}

const TABLES_HELP: &str = "a rule reads declared tables, `params`, `constants` and its own WITH names, nothing else";
const NUMBER_HELP: &str = "make it a parameter, with unit and reason; unit factors come from the table `constants`";

/// Checks a query; the declared tables that it reads, sorted.
pub(super) fn check(sql: &str) -> Result<Vec<String>, Box<Refusal>> {
    if sql.len() > LONGEST {
        return Err(refusal(1, format!("the query has more than {LONGEST} bytes"), "split the rule"));
    }
    let statements = parse(sql)?;
    // First, so that everything after it may recurse.
    walked(statements.visit(&mut Depth(0)))?;
    let query = match statements.as_slice() {
        [Statement::Query(query)] => query,
        [] => return Err(refusal(1, "the query is empty", "write one SELECT")),
        [other] => {
            return Err(refusal(other.span().start.line, "not a query", "write one SELECT, WITH before it if needed"));
        }
        [_, second, ..] => return Err(refusal(second.span().start.line, "a second statement", "write one SELECT")),
    };
    let mut guard = Guard::default();
    guard.clauses(query)?;
    if let Some(with) = &query.with {
        if with.recursive {
            return Err(refusal(query.span().start.line, "WITH RECURSIVE", "write plain WITH"));
        }
        for cte in &with.cte_tables {
            guard.no_shadow(&cte.alias.name)?;
            if !cte.alias.columns.is_empty() {
                let line = cte.alias.name.span.start.line;
                return Err(refusal(line, "column names after a WITH name", "name columns with AS"));
            }
            if guard.ctes.contains(&cte.alias.name.value) {
                let message = format!("second WITH name {:?}", cte.alias.name.value);
                return Err(refusal(cte.alias.name.span.start.line, message, "give it another name"));
            }
            walked(cte.query.visit(&mut guard))?;
            // Known only from here on: a WITH name sees those before it, as in the engine.
            guard.ctes.insert(cte.alias.name.value.clone());
        }
    }
    guard.set_expression(&query.body)?;
    walked(query.body.visit(&mut guard))?;
    walked(query.order_by.visit(&mut guard))?;
    outermost(&query.body)?;
    if guard.read.is_empty() {
        return Err(refusal(1, "the query reads no table", TABLES_HELP));
    }
    Ok(guard.read.into_iter().collect())
}

fn parse(sql: &str) -> Result<Vec<Statement>, Box<Refusal>> {
    // As in polars-sql 0.55.2, `SQLContext::execute`.
    let parser = Parser::new(&GenericDialect)
        .with_options(ParserOptions { trailing_commas: true, ..ParserOptions::default() })
        .try_with_sql(sql);
    parser.and_then(|mut parser| parser.parse_statements()).map_err(|error| {
        let text = error.to_string();
        let text = text.strip_prefix("sql parser error: ").unwrap_or(&text);
        let (message, place) = text.rsplit_once(" at Line: ").unwrap_or((text, "1"));
        let line = place.split(',').next().and_then(|number| number.trim().parse().ok()).unwrap_or(1);
        refusal(line, format!("SQL: {message}"), "the dialect is that of polars 0.55.2")
    })
}

fn walked(flow: ControlFlow<Box<Refusal>>) -> Result<(), Box<Refusal>> {
    match flow {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(refusal) => Err(refusal),
    }
}

/// The outermost select names its columns: they are the contract and the evidence.
fn outermost(body: &SetExpr) -> Result<(), Box<Refusal>> {
    match body {
        SetExpr::Select(select) => {
            let star = select
                .projection
                .iter()
                .find(|item| matches!(item, SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)));
            match star {
                Some(item) => {
                    let line = item.span().start.line.max(select.select_token.0.span.start.line);
                    Err(refusal(
                        line,
                        "`*` in the outermost SELECT",
                        "name the columns: they are the result and the evidence",
                    ))
                }
                None => Ok(()),
            }
        }
        SetExpr::Query(query) => outermost(&query.body),
        SetExpr::SetOperation { left, right, .. } => {
            outermost(left)?;
            outermost(right)
        }
        // Refused before, by `Guard::set_expression`.
        _ => Ok(()),
    }
}

#[derive(Default)]
struct Guard {
    /// WITH names so far.
    ctes: BTreeSet<String>,
    /// Declared tables read so far.
    read: BTreeSet<String>,
    /// Where numbers are positions and lengths: line and column.
    counting: BTreeSet<(u64, u64)>,
}

impl Guard {
    /// No LIMIT, no locks, nothing that other engines hang on a query.
    fn clauses(&self, query: &Query) -> Result<(), Box<Refusal>> {
        let line = || query.span().start.line;
        if query.limit_clause.is_some() || query.fetch.is_some() {
            return Err(refusal(line(), "LIMIT", "return every resource that was examined"));
        }
        let strange = query.for_clause.is_some()
            || query.settings.is_some()
            || query.format_clause.is_some()
            || !query.locks.is_empty()
            || !query.pipe_operators.is_empty();
        if strange {
            return Err(refusal(line(), "a clause after the query", "write one plain SELECT"));
        }
        Ok(())
    }

    fn set_expression(&self, body: &SetExpr) -> Result<(), Box<Refusal>> {
        match body {
            SetExpr::Select(_) | SetExpr::Query(_) => Ok(()),
            SetExpr::SetOperation { left, right, .. } => {
                self.set_expression(left)?;
                self.set_expression(right)
            }
            SetExpr::Values(_) => Err(refusal(body.span().start.line, "VALUES", NUMBER_HELP)),
            // `TABLE name` holds its name as bare text, which no visitor sees.
            SetExpr::Table(_) => Err(refusal(body.span().start.line, "TABLE", "write SELECT … FROM")),
            SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) | SetExpr::Merge(_) => {
                Err(refusal(body.span().start.line, "a statement that changes data", "write one SELECT"))
            }
        }
    }

    /// A name that a page makes must not hide a table: the engine and the reader would disagree.
    fn no_shadow(&self, name: &Ident) -> Result<(), Box<Refusal>> {
        let hidden = table::TABLES.iter().map(|t| t.name).chain(ONE_ROW).any(|t| t.eq_ignore_ascii_case(&name.value));
        if hidden {
            let message = format!("{:?} is the name of a table", name.value);
            return Err(refusal(name.span.start.line, message, "give it another name"));
        }
        Ok(())
    }

    fn table(&mut self, name: &ObjectName) -> Result<(), Box<Refusal>> {
        let [part] = name.0.as_slice() else {
            return Err(refusal(name.span().start.line, format!("table {name}"), TABLES_HELP));
        };
        let Some(ident) = part.as_ident() else {
            return Err(refusal(name.span().start.line, format!("table {name}"), TABLES_HELP));
        };
        let line = ident.span.start.line;
        let word = ident.value.as_str();
        if ONE_ROW.contains(&word) || self.ctes.contains(word) {
            return Ok(());
        }
        match table::find(word) {
            Some(found) if found.in_rules => {
                self.read.insert(word.to_owned());
                Ok(())
            }
            Some(_) => Err(refusal(line, format!("rules may not read table {word:?}"), TABLES_HELP)),
            None => {
                let mut known: Vec<&str> = table::TABLES.iter().filter(|t| t.in_rules).map(|t| t.name).collect();
                known.extend(ONE_ROW);
                known.extend(self.ctes.iter().map(String::as_str));
                Err(refusal(line, format!("unknown table {word:?}"), suggestion(word, &known, TABLES_HELP)))
            }
        }
    }

    fn factor(&mut self, factor: &TableFactor) -> Result<(), Box<Refusal>> {
        let alias = match factor {
            TableFactor::Table {
                name,
                alias,
                args,
                with_hints,
                version,
                with_ordinality,
                partitions,
                json_path,
                sample,
                index_hints,
            } => {
                if args.is_some() {
                    return Err(refusal(name.span().start.line, format!("table function {name}"), TABLES_HELP));
                }
                let plain = with_hints.is_empty()
                    && version.is_none()
                    && !with_ordinality
                    && partitions.is_empty()
                    && json_path.is_none()
                    && sample.is_none()
                    && index_hints.is_empty();
                if !plain {
                    return Err(refusal(name.span().start.line, format!("more than a name after {name}"), TABLES_HELP));
                }
                self.table(name)?;
                alias
            }
            TableFactor::Derived { lateral: false, alias, sample: None, .. } => alias,
            TableFactor::NestedJoin { alias, .. } => alias,
            other => return Err(refusal(other.span().start.line, "this kind of table", TABLES_HELP)),
        };
        match alias {
            Some(alias) if !alias.columns.is_empty() => {
                Err(refusal(alias.name.span.start.line, "column names after an alias", "name columns with AS"))
            }
            Some(alias) if self.ctes.contains(&alias.name.value) => {
                let message = format!("alias {:?} is a WITH name", alias.name.value);
                Err(refusal(alias.name.span.start.line, message, "give it another name"))
            }
            Some(alias) => self.no_shadow(&alias.name),
            None => Ok(()),
        }
    }

    fn expression(&mut self, expr: &Expr) -> Result<(), Box<Refusal>> {
        let line = || expr.span().start.line;
        match expr {
            Expr::Identifier(_)
            | Expr::CompoundIdentifier(_)
            | Expr::IsFalse(_)
            | Expr::IsNotFalse(_)
            | Expr::IsTrue(_)
            | Expr::IsNotTrue(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::IsUnknown(_)
            | Expr::IsNotUnknown(_)
            | Expr::IsDistinctFrom(..)
            | Expr::IsNotDistinctFrom(..)
            | Expr::InList { .. }
            | Expr::InSubquery { negated: false, .. }
            | Expr::Between { .. }
            | Expr::Like { .. }
            | Expr::ILike { .. }
            | Expr::RLike { .. }
            | Expr::Extract { .. }
            | Expr::Position { .. }
            | Expr::Trim { .. }
            | Expr::Nested(_)
            | Expr::Value(_)
            | Expr::TypedString(_)
            | Expr::Case { .. }
            | Expr::Exists { .. } => Ok(()),
            Expr::UnaryOp { op: UnaryOperator::Plus | UnaryOperator::Minus | UnaryOperator::Not, .. } => Ok(()),
            Expr::BinaryOp { op, .. } if allowed(op) => Ok(()),
            Expr::Ceil { field, .. } | Expr::Floor { field, .. } => {
                if let CeilFloorKind::Scale(value) = field {
                    self.count(value);
                }
                Ok(())
            }
            Expr::Substring { substring_from, substring_for, .. } => {
                for position in [substring_from, substring_for].into_iter().flatten() {
                    self.count_expression(position);
                }
                Ok(())
            }
            // A text that is cast to a number is a bare number in disguise.
            Expr::Cast { expr: inner, .. } => match inner.as_ref() {
                Expr::Value(ValueWithSpan { value: Value::SingleQuotedString(text), .. })
                    if text.trim().parse::<f64>().is_ok() && !matches!(text.as_str(), "0" | "1") =>
                {
                    Err(refusal(line(), format!("bare number {text}"), NUMBER_HELP))
                }
                _ => Ok(()),
            },
            Expr::Function(function) => self.function(function),
            Expr::InSubquery { negated: true, .. } => Err(refusal(
                line(),
                "NOT IN (SELECT …)",
                "it is never true when the subquery has one null: write NOT EXISTS or LEFT ANTI JOIN",
            )),
            Expr::Subquery(_) => {
                Err(refusal(line(), "a SELECT used as a value", "the engine cannot: put it in WITH and join it"))
            }
            Expr::Interval(_) => Err(refusal(line(), "INTERVAL", NUMBER_HELP)),
            _ => Err(refusal(
                line(),
                "an expression that rules do not use",
                "write plain columns, operators, CASE and functions",
            )),
        }
    }

    fn function(&mut self, function: &Function) -> Result<(), Box<Refusal>> {
        let line = function.span().start.line;
        let name = match function.name.0.as_slice() {
            [part] => part.as_ident().map(|ident| ident.value.to_ascii_lowercase()).unwrap_or_default(),
            _ => String::new(),
        };
        if !FUNCTIONS.contains(&name.as_str()) {
            let help = suggestion(&name, FUNCTIONS, "rules use the pure functions of the engine only");
            return Err(refusal(line, format!("function {}", function.name), help));
        }
        if function.uses_odbc_syntax || !matches!(function.parameters, FunctionArguments::None) {
            return Err(refusal(line, format!("this way to call {name}"), "write name(arguments)"));
        }
        let FunctionArguments::List(list) = &function.args else {
            return Err(refusal(line, format!("this way to call {name}"), "write name(arguments)"));
        };
        if COUNTING.contains(&name.as_str()) {
            for argument in list.args.iter().skip(1) {
                if let FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) = argument {
                    self.count_expression(expr);
                }
            }
        }
        Ok(())
    }

    fn count_expression(&mut self, expr: &Expr) {
        match expr {
            Expr::Value(value) => self.count(value),
            Expr::UnaryOp { op: UnaryOperator::Minus, expr } => self.count_expression(expr),
            _ => {}
        }
    }

    fn count(&mut self, value: &ValueWithSpan) {
        self.counting.insert((value.span.start.line, value.span.start.column));
    }

    fn value(&self, value: &ValueWithSpan) -> Result<(), Box<Refusal>> {
        let start = value.span.start;
        match &value.value {
            Value::SingleQuotedString(_) | Value::Boolean(_) | Value::Null => Ok(()),
            Value::Number(text, _) if !text.bytes().all(|byte| byte.is_ascii_digit()) => Err(refusal(
                start.line,
                format!("number {text} with a point"),
                "it would turn exact amounts into floating point: make it a parameter",
            )),
            Value::Number(text, _) => {
                let fine = matches!(text.as_str(), "0" | "1")
                    || (start.line > 0 && self.counting.contains(&(start.line, start.column)));
                if fine { Ok(()) } else { Err(refusal(start.line, format!("bare number {text}"), NUMBER_HELP)) }
            }
            _ => Err(refusal(start.line, "this kind of literal", "write 'text', true, false or NULL")),
        }
    }
}

/// Operators of arithmetic, comparison and logic.
fn allowed(op: &BinaryOperator) -> bool {
    use BinaryOperator as Op;
    matches!(
        op,
        Op::Plus
            | Op::Minus
            | Op::Multiply
            | Op::Divide
            | Op::Modulo
            | Op::StringConcat
            | Op::Gt
            | Op::Lt
            | Op::GtEq
            | Op::LtEq
            | Op::Spaceship
            | Op::Eq
            | Op::NotEq
            | Op::And
            | Op::Or
            | Op::Xor
    )
}

/// Measures how deep expressions nest.
struct Depth(usize);

impl Visitor for Depth {
    type Break = Box<Refusal>;

    fn pre_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Self::Break> {
        self.0 += 1;
        if self.0 > DEEPEST {
            let message = format!("expressions nest deeper than {DEEPEST}");
            return ControlFlow::Break(refusal(1, message, "use WITH for the parts"));
        }
        ControlFlow::Continue(())
    }

    fn post_visit_expr(&mut self, _expr: &Expr) -> ControlFlow<Self::Break> {
        self.0 -= 1;
        ControlFlow::Continue(())
    }
}

fn flow(result: Result<(), Box<Refusal>>) -> ControlFlow<Box<Refusal>> {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(refusal) => ControlFlow::Break(refusal),
    }
}

impl Visitor for Guard {
    type Break = Box<Refusal>;

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<Self::Break> {
        // The engine ignores a nested WITH in some places; outermost ones are walked by `check`.
        if query.with.is_some() {
            let line = query.span().start.line;
            return ControlFlow::Break(refusal(line, "WITH inside another query", "move it to the beginning"));
        }
        flow(self.clauses(query).and_then(|()| self.set_expression(&query.body)))
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<Self::Break> {
        let strange = select.into.is_some()
            || select.top.is_some()
            || select.prewhere.is_some()
            || !select.lateral_views.is_empty()
            || !select.connect_by.is_empty()
            || !select.optimizer_hints.is_empty();
        if strange {
            let line = select.select_token.0.span.start.line;
            let help = "no INTO, TOP, PREWHERE, LATERAL VIEW, CONNECT BY or hints";
            return ControlFlow::Break(refusal(line, "a clause that rules do not use", help));
        }
        ControlFlow::Continue(())
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<Self::Break> {
        flow(self.table(relation))
    }

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<Self::Break> {
        flow(self.factor(factor))
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<Self::Break> {
        flow(self.expression(expr))
    }

    fn pre_visit_value(&mut self, value: &ValueWithSpan) -> ControlFlow<Self::Break> {
        flow(self.value(value))
    }
}
