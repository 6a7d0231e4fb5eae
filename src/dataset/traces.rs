//! Traces of what machines used, as research and other monitoring publish them: (resource, time, metric, value).
//!
//! Knows: the columns of such a file, CSV or Parquet, and of the file of shapes beside it. Does not know: what a metric means.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use polars::prelude::*;

use crate::period::parse_time;
use crate::table::RESOURCE_METRICS;
use crate::table::read::{integers, texts};

const COLUMNS: [&str; 4] = ["resource", "time", "metric", "value"];
const SHAPE_COLUMNS: [&str; 4] = ["shape", "vcpus", "memory_gib", "price_per_hour"];

/// Why a file is no trace.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// It cannot be opened or read.
    #[error("{file}: {why}\n  help: traces are CSV or Parquet with the columns resource, time, metric, value")]
    Unreadable {
        /// File.
        file: String,
        /// Why.
        why: String,
    },
    /// A column is not there.
    #[error("{file}: no column {column}; it has {found}\n  help: the columns are {wanted}")]
    NoColumn {
        /// File.
        file: String,
        /// What is missing.
        column: &'static str,
        /// What is there.
        found: String,
        /// What is to be there.
        wanted: String,
    },
    /// A value is none.
    #[error("{file}: row {row}: {column} is {value}, not {expected}")]
    Value {
        /// File.
        file: String,
        /// Row of data, 1 is the first.
        row: usize,
        /// Column.
        column: &'static str,
        /// What stands there.
        value: String,
        /// What should.
        expected: &'static str,
    },
}

/// A shape that a machine of a trace can have.
#[derive(Clone, PartialEq, Debug)]
pub struct TraceShape {
    /// Its name.
    pub name: String,
    /// Virtual processors, of equal speed in all shapes.
    pub vcpus: f64,
    /// Memory; `None`: not stated.
    pub memory_gib: Option<f64>,
    /// What an hour costs, in any currency.
    pub price: f64,
}

/// Whether a file is a trace and not a bill: it has the columns of one.
#[must_use]
pub fn is_trace(path: &Path) -> bool {
    path.is_file() && read(path).is_ok_and(|frame| COLUMNS.iter().all(|name| frame.column(name).is_ok()))
}

/// What traces say.
#[derive(Clone, Debug)]
pub struct Traces {
    /// The table `resource_metrics`, with the statistic Average; a period is the most frequent step of its resource.
    pub metrics: DataFrame,
    /// The shape of each resource, where the files have a column `shape`.
    pub shapes: BTreeMap<String, String>,
}

/// Reads traces.
///
/// # Errors
/// [`TraceError`], which names file, row and column.
pub fn traces(paths: &[PathBuf]) -> Result<Traces, TraceError> {
    let mut all = Trace::default();
    for path in paths {
        all.add(path)?;
    }
    let shapes = std::mem::take(&mut all.shapes);
    let metrics =
        all.table().map_err(|error| TraceError::Unreadable { file: "traces".into(), why: error.to_string() })?;
    Ok(Traces { metrics, shapes })
}

#[derive(Default)]
struct Trace {
    resources: Vec<String>,
    times: Vec<i64>,
    metrics: Vec<String>,
    values: Vec<f64>,
    shapes: BTreeMap<String, String>,
}

impl Trace {
    fn add(&mut self, path: &Path) -> Result<(), TraceError> {
        let frame = read(path)?;
        let file = path.display().to_string();
        require(&frame, &file, &COLUMNS)?;
        let [resources, metrics] = ["resource", "metric"].map(|name| texts(&frame, name));
        let wrong = |row: usize, column, value: String, expected| TraceError::Value {
            file: file.clone(),
            row: row + 1,
            column,
            value,
            expected,
        };
        let times = times(&frame);
        let given = texts(&frame, "value");
        let shapes = texts(&frame, "shape").into_iter().enumerate();
        self.shapes.extend(shapes.filter_map(|(row, shape)| Some((resources.get(row).cloned().flatten()?, shape?))));
        for (row, ((resource, metric), value)) in resources.into_iter().zip(metrics).zip(given).enumerate() {
            let named = "a name";
            let resource = resource.ok_or_else(|| wrong(row, "resource", "empty".into(), named))?;
            let metric = metric.ok_or_else(|| wrong(row, "metric", "empty".into(), named))?;
            let time = times.get(row).cloned().unwrap_or(Err(String::new()));
            let time =
                time.map_err(|text| wrong(row, "time", text, "a time such as 2026-10-01T00:05:00Z, or seconds"))?;
            // A point that was not measured is no point.
            let Some(text) = value.filter(|text| !text.is_empty()) else { continue };
            let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
            self.values.push(number.ok_or_else(|| wrong(row, "value", text, "a number"))?);
            self.resources.push(resource);
            self.metrics.push(metric);
            self.times.push(time);
        }
        Ok(())
    }

    fn table(self) -> PolarsResult<DataFrame> {
        let mut steps: BTreeMap<&str, BTreeMap<i64, usize>> = BTreeMap::new();
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_by_key(|at| (&self.resources[*at], &self.metrics[*at], self.times[*at]));
        for pair in order.windows(2) {
            let (a, b) = (pair[0], pair[1]);
            if self.resources[a] == self.resources[b] && self.metrics[a] == self.metrics[b] {
                *steps.entry(&self.resources[a]).or_default().entry(self.times[b] - self.times[a]).or_default() += 1;
            }
        }
        let usual = |resource: &str| {
            let counted = steps.get(resource)?.iter().filter(|(step, _)| **step > 0);
            counted.max_by_key(|(step, count)| (**count, -**step)).map(|(step, _)| *step / 1_000_000)
        };
        let seconds: BTreeMap<&str, i64> = steps.keys().filter_map(|name| Some((*name, usual(name)?))).collect();
        let periods: Vec<Option<i64>> = self.resources.iter().map(|name| seconds.get(name.as_str()).copied()).collect();
        let none: Vec<Option<String>> = vec![None; self.values.len()];
        let frame = DataFrame::new_infer_height(vec![
            Column::new("SubAccountId".into(), &none),
            Column::new("RegionId".into(), &none),
            Column::new("MetricName".into(), &self.metrics),
            Column::new("Statistic".into(), vec!["Average"; self.values.len()]),
            Column::new("PeriodStart".into(), &self.times),
            Column::new("PeriodSeconds".into(), periods),
            Column::new("Value".into(), &self.values),
            Column::new("ResourceId".into(), &self.resources),
        ])?;
        let columns: Vec<Expr> = RESOURCE_METRICS.columns.iter().map(|c| col(c.name).cast(c.kind.engine())).collect();
        frame.lazy().select(columns).collect()
    }
}

/// Shapes by their file, the cheapest first.
///
/// # Errors
/// [`TraceError`], which names file, row and column.
pub fn shapes(path: &Path) -> Result<Vec<TraceShape>, TraceError> {
    let frame = read(path)?;
    let file = path.display().to_string();
    require(&frame, &file, &SHAPE_COLUMNS)?;
    let [names, vcpus, memory, prices] = SHAPE_COLUMNS.map(|name| texts(&frame, name));
    let number = |row: usize, column: &'static str, text: Option<String>| -> Result<Option<f64>, TraceError> {
        let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
        let parsed: Option<f64> = text.parse().ok().filter(|number: &f64| *number > 0.0 && number.is_finite());
        let wrong = TraceError::Value { file: file.clone(), row: row + 1, column, value: text, expected: "above zero" };
        parsed.map(Some).ok_or(wrong)
    };
    let mut shapes = Vec::new();
    for (row, name) in names.into_iter().enumerate() {
        let missing = |column| TraceError::Value {
            file: file.clone(),
            row: row + 1,
            column,
            value: "empty".into(),
            expected: "stated",
        };
        shapes.push(TraceShape {
            name: name.ok_or_else(|| missing("shape"))?,
            vcpus: number(row, "vcpus", vcpus[row].clone())?.ok_or_else(|| missing("vcpus"))?,
            memory_gib: number(row, "memory_gib", memory[row].clone())?,
            price: number(row, "price_per_hour", prices[row].clone())?.ok_or_else(|| missing("price_per_hour"))?,
        });
    }
    shapes.sort_by(|a, b| a.price.total_cmp(&b.price).then_with(|| a.name.cmp(&b.name)));
    Ok(shapes)
}

fn require(frame: &DataFrame, file: &str, columns: &[&'static str]) -> Result<(), TraceError> {
    match columns.iter().find(|name| frame.column(name).is_err()) {
        Some(column) => Err(TraceError::NoColumn {
            file: file.to_owned(),
            column,
            found: frame.get_column_names().iter().map(|name| name.as_str()).collect::<Vec<_>>().join(", "),
            wanted: columns.join(", "),
        }),
        None => Ok(()),
    }
}

fn read(path: &Path) -> Result<DataFrame, TraceError> {
    let unreadable = |why: String| TraceError::Unreadable { file: path.display().to_string(), why };
    let end = path.to_string_lossy().to_lowercase();
    let frame = if end.ends_with(".parquet") {
        File::open(path).map_err(|e| unreadable(e.to_string())).map(|file| ParquetReader::new(file).finish())?
    } else {
        // Numbers stay text until they are read row by row, so that a wrong one can be named.
        CsvReadOptions::default()
            .with_infer_schema_length(Some(0))
            .try_into_reader_with_file_path(Some(path.to_path_buf()))
            .and_then(SerReader::finish)
    };
    frame.map_err(|e| unreadable(e.to_string()))
}

/// Times in microseconds, or the text that is none.
fn times(frame: &DataFrame) -> Vec<Result<i64, String>> {
    let Ok(column) = frame.column("time") else { return Vec::new() };
    if let DataType::Datetime(unit, _) = column.dtype() {
        let factor = match unit {
            TimeUnit::Nanoseconds => (1, 1000),
            TimeUnit::Microseconds => (1, 1),
            TimeUnit::Milliseconds => (1000, 1),
        };
        let scaled = |time: i64| time * factor.0 / factor.1;
        return integers(frame, "time").into_iter().map(|t| t.map(scaled).ok_or_else(|| "empty".into())).collect();
    }
    let one = |text: Option<String>| {
        let text = text.unwrap_or_default();
        let seconds = || text.parse::<i64>().ok().and_then(|seconds| seconds.checked_mul(1_000_000));
        seconds().or_else(|| parse_time(&text).map(|time| time.as_microsecond())).ok_or(text)
    };
    texts(frame, "time").into_iter().map(one).collect()
}
