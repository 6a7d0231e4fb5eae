//! One schedule of EventBridge Scheduler, as a line for a shell and as a resource for Terraform.
//!
//! It calls an operation of a service itself (a universal target), in the time zone of those who work, so that it moves with summer time.
//!
//! Knows: how both are quoted. Does not know: what is called. Whoever makes one has checked its names: they are put in as they are.

use super::{Days, Zone, label, partition_of, words};

/// The shell's variable for the role that Scheduler takes.
pub(super) const ROLE: &str = "SCHEDULER_ROLE_ARN";
/// A quotation mark of JSON that stands in JSON.
const QUOTE: &str = "\\\"";

/// A schedule.
pub(super) struct Schedule<'a> {
    pub(super) region: &'a str,
    pub(super) zone: &'a Zone,
    /// At most 64 characters of `[0-9a-zA-Z-_.]` (EventBridge Scheduler API Reference, CreateSchedule).
    pub(super) name: String,
    /// Local time of day.
    pub(super) hour: usize,
    pub(super) minute: usize,
    pub(super) days: Days,
    /// Service and operation: as the SDK names them, the first letter small (EventBridge Scheduler User Guide, universal targets).
    pub(super) operation: &'static str,
    /// The parameters of the operation, their first letters great.
    pub(super) input: Value<'a>,
    /// For how long it is tried again; `None`: a day.
    pub(super) retried_seconds: Option<u32>,
}

/// A value of an operation's input.
pub(super) enum Value<'a> {
    Text(&'a str),
    List(&'a str),
    Number(usize),
    /// What a variable of the shell holds, or one of Terraform of the same name in small letters.
    Variable(&'static str),
    Fields(Vec<(&'static str, Value<'a>)>),
}

impl Value<'_> {
    /// As JSON in a string of JSON, in single quotes of a shell: a variable stands in double quotes between two of them.
    fn json(&self) -> String {
        match self {
            Value::Text(text) => format!("{QUOTE}{text}{QUOTE}"),
            Value::List(one) => format!("[{QUOTE}{one}{QUOTE}]"),
            Value::Number(number) => number.to_string(),
            Value::Variable(name) => format!("{QUOTE}{}{QUOTE}", variable(name)),
            Value::Fields(fields) => {
                let field = |(name, value): &(&str, Value<'_>)| format!("{QUOTE}{name}{QUOTE}:{}", value.json());
                format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(","))
            }
        }
    }

    /// As an expression of Terraform.
    fn expression(&self) -> String {
        match self {
            Value::Text(text) => format!("\"{text}\""),
            Value::List(one) => format!("[\"{one}\"]"),
            Value::Number(number) => number.to_string(),
            Value::Variable(name) => format!("var.{}", name.to_lowercase()),
            Value::Fields(fields) => {
                let field = |(name, value): &(&str, Value<'_>)| format!("{name} = {}", value.expression());
                format!("{{ {} }}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
            }
        }
    }
}

/// A variable within single quotes.
fn variable(name: &str) -> String {
    format!("'\"${name}\"'")
}

impl Schedule<'_> {
    /// Minute, hour, day of the month, month, day of the week, year: `?` as the day of the month is not asked for.
    fn cron(&self) -> String {
        format!("cron({} {} ? * {} *)", self.minute, self.hour, words(&self.days))
    }

    fn arn(&self) -> String {
        format!("arn:{}:scheduler:::aws-sdk:{}", partition_of(self.region), self.operation)
    }

    /// Single quotes hold all but variables. Nothing else has to be escaped: no part has a quote or a backslash of its own.
    pub(super) fn shell(&self) -> String {
        let retry = self
            .retried_seconds
            .map_or_else(String::new, |seconds| format!(",\"RetryPolicy\":{{\"MaximumEventAgeInSeconds\":{seconds}}}"));
        let target = format!(
            "{{\"Arn\":\"{}\",\"RoleArn\":\"{}\",\"Input\":\"{}\"{retry}}}",
            self.arn(),
            variable(ROLE),
            self.input.json()
        );
        format!(
            "aws scheduler create-schedule --region {} --name {} --schedule-expression '{}' --schedule-expression-timezone '{}' --flexible-time-window Mode=OFF --target '{target}'",
            self.region,
            self.name,
            self.cron(),
            self.zone.name
        )
    }

    pub(super) fn terraform(&self) -> String {
        let retry = self.retried_seconds.map_or_else(String::new, |seconds| {
            format!("\n    retry_policy {{\n      maximum_event_age_in_seconds = {seconds}\n    }}\n")
        });
        format!(
            r#"resource "aws_scheduler_schedule" "{}" {{
  name                         = "{}"
  schedule_expression          = "{}"
  schedule_expression_timezone = "{}"

  flexible_time_window {{
    mode = "OFF"
  }}

  target {{
    arn      = "{}"
    role_arn = var.{}
    input    = jsonencode({})
{retry}  }}
}}
"#,
            label(&self.name),
            self.name,
            self.cron(),
            self.zone.name,
            self.arn(),
            ROLE.to_lowercase(),
            self.input.expression()
        )
    }
}
