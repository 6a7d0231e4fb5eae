//! What the reader is willing to do: `--max-effort`, `--max-risk`, `--commitment-risk`.

use clap::Args;
use rust_decimal::Decimal;

use super::usage;
use crate::money::parse_decimal;
use crate::plan::Limits;
use crate::plan::sizing::scenarios::Risk;
use crate::rules::Effort;

#[derive(Debug, Args)]
pub(super) struct LimitArgs {
    /// Leave out actions of more effort: very-low, low, medium, high, very-high.
    #[arg(long, value_name = "EFFORT", help_heading = "Plan")]
    max_effort: Option<String>,
    /// Leave out actions whose stated probability of harm is larger, e.g. 0.05.
    #[arg(long, value_name = "RISK", help_heading = "Plan")]
    max_risk: Option<String>,
    /// Size commitments over possible years instead of the bill's own hours: expected (the most on average), no-regret (a loss
    /// in at most one year of twenty), worst-case (the most in the worst twentieth).
    #[arg(long, value_name = "MODE", help_heading = "Plan")]
    commitment_risk: Option<String>,
}

impl LimitArgs {
    /// Arguments that make sense.
    pub(super) fn limits(&self) -> anyhow::Result<Limits> {
        let effort = |word: &String| {
            let known = Effort::ALL.iter().find(|effort| effort.word() == word).copied();
            let words: Vec<&str> = Effort::ALL.iter().map(|effort| effort.word()).collect();
            known.ok_or_else(|| usage(format!("--max-effort: {word:?} is none of {}", words.join(", "))))
        };
        let risk = |text: &String| {
            let risk = parse_decimal(text).ok().filter(|risk| (Decimal::ZERO..=Decimal::ONE).contains(risk));
            risk.ok_or_else(|| usage(format!("--max-risk: {text:?} is no probability between 0 and 1")))
        };
        let mode = |word: &String| match word.as_str() {
            "expected" => Ok(Risk::Expected),
            "no-regret" => Ok(Risk::NoRegret { loss_probability: 0.05 }),
            "worst-case" => Ok(Risk::Cvar { alpha: 0.05 }),
            _ => Err(usage(format!("--commitment-risk: {word:?} is none of expected, no-regret, worst-case"))),
        };
        Ok(Limits {
            commitment_risk: self.commitment_risk.as_ref().map(mode).transpose()?,
            max_effort: self.max_effort.as_ref().map(effort).transpose()?,
            max_risk: self.max_risk.as_ref().map(risk).transpose()?,
        })
    }
}
