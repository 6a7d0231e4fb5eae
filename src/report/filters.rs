//! The filters of the report templates: rounding, and making text inert.
//!
//! Knows: how an amount is printed, and which characters mean something to a terminal or to Markdown. Does not know:
//! which field it is given. Every string of a bill (names, tags, messages) is hostile until it passed one of these.

use minijinja::{Environment, Error, ErrorKind, Value};
use rust_decimal::{Decimal, RoundingStrategy};

use crate::money::parse_decimal;

/// Adds the filters to an environment.
pub(super) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("money", money);
    environment.add_filter("figure", figure);
    environment.add_filter("amount6", amount6);
    environment.add_filter("percent", percent);
    environment.add_filter("whole", whole);
    environment.add_filter("plain", plain);
    environment.add_filter("md", md);
    environment.add_filter("cell", cell);
    super::evidence::register(environment);
}

/// The text of a value; none when the view has null there. A field that does not exist is an error.
pub(super) fn given(value: &Value) -> Result<Option<String>, Error> {
    if value.is_undefined() {
        return Err(Error::new(ErrorKind::UndefinedError, "the view has no such field"));
    }
    Ok(if value.is_none() { None } else { Some(value.to_string()) })
}

fn number(text: &str) -> Result<Decimal, Error> {
    parse_decimal(text).map_err(|error| Error::new(ErrorKind::InvalidOperation, error.to_string()))
}

/// `1,234.57`, half away from zero; null is `unpriced`.
pub(super) fn money(value: &Value) -> Result<String, Error> {
    match given(value)? {
        Some(text) => Ok(rounded(number(&text)?, 2)),
        None => Ok("unpriced".to_owned()),
    }
}

/// A unit price, six places at most and two at least: `0.045`.
fn amount6(value: &Value) -> Result<String, Error> {
    let Some(text) = given(value)? else { return Ok("unpriced".to_owned()) };
    let text = rounded(number(&text)?, 6);
    if text.contains(['<', '>']) {
        return Ok(text);
    }
    let short = text.trim_end_matches('0');
    let places = short.split_once('.').map_or(0, |(_, fraction)| fraction.len());
    Ok(format!("{short}{}", "0".repeat(2usize.saturating_sub(places))))
}

/// A ratio as `56.8 %`; null is `unknown`.
pub(super) fn percent(value: &Value) -> Result<String, Error> {
    match given(value)? {
        Some(text) => Ok(format!("{} %", rounded(number(&text)? * Decimal::ONE_HUNDRED, 1))),
        None => Ok("unknown".to_owned()),
    }
}

/// A count with separators: `33,120`.
pub(super) fn whole(value: &Value) -> Result<String, Error> {
    match given(value)? {
        Some(text) => Ok(rounded(number(&text)?, 0)),
        None => Ok("unknown".to_owned()),
    }
}

/// Half away from zero; what is not zero never looks like zero.
pub(super) fn rounded(number: Decimal, places: u32) -> String {
    let result = number.round_dp_with_strategy(places, RoundingStrategy::MidpointAwayFromZero);
    if !result.is_zero() || number.is_zero() {
        return grouped(result, places);
    }
    let smallest = grouped(Decimal::new(1, places), places);
    if number.is_sign_negative() { format!(">-{smallest}") } else { format!("<{smallest}") }
}

fn grouped(number: Decimal, places: u32) -> String {
    let mut size = number.abs();
    size.rescale(places);
    let text = size.to_string();
    let (units, fraction) = text.split_once('.').unwrap_or((text.as_str(), ""));
    let groups: Vec<&str> =
        units.as_bytes().rchunks(3).rev().filter_map(|group| std::str::from_utf8(group).ok()).collect();
    let sign = if number.is_sign_negative() && !number.is_zero() { "-" } else { "" };
    let point = if fraction.is_empty() { "" } else { "." };
    format!("{sign}{}{point}{fraction}", groups.join(","))
}

/// Characters that a reader does not see but a terminal or an editor obeys: C0, DEL, C1, bidirectional controls, zero
/// widths, tags. Source: Unicode UTS 39 and the "Trojan Source" paper (CVE-2021-42574).
pub(super) fn invisible(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A figure for people: at most four decimals, no trailing zeros; what is not a number stays as it is.
pub(super) fn figure(value: &Value) -> Result<Value, Error> {
    let number = given(value)?.filter(|text| text.contains('.')).and_then(|text| parse_decimal(&text).ok());
    Ok(number.map_or_else(|| value.clone(), |n| Value::from(n.round_dp(4).normalize().to_string())))
}

/// Text without invisible characters, on one line.
pub(super) fn plain_text(text: &str) -> String {
    let spaced = text.chars().map(|c| if is_break(c) { ' ' } else { c });
    spaced.filter(|c| !invisible(*c)).collect()
}

/// Text without invisible characters, its lines kept.
pub fn plain_lines(text: &str) -> String {
    text.chars().filter(|c| *c == '\n' || *c == '\t' || !invisible(*c)).collect()
}

fn is_break(c: char) -> bool {
    matches!(c, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// One line of text for a terminal; null is `-`.
fn plain(value: &Value) -> Result<String, Error> {
    Ok(given(value)?.map_or_else(|| "-".to_owned(), |text| plain_text(&text)))
}

/// Text that means nothing in Markdown, also inside tables; null is `-`.
fn md(value: &Value) -> Result<String, Error> {
    Ok(given(value)?.map_or_else(|| "-".to_owned(), |text| md_text(&text)))
}

/// An identifier for Markdown, as code where that is safe inside a table; null is `-`.
fn cell(value: &Value) -> Result<String, Error> {
    Ok(given(value)?.map_or_else(|| "-".to_owned(), |text| cell_text(&text)))
}

/// Escapes everything that CommonMark, its GitHub flavour or GitHub's own post-processing gives a meaning. `|`, `<`,
/// `>`, `&` become entities, because table parsers disagree about backslashes; a zero-width space breaks mentions,
/// issue references and bare links, which are recognised after the escapes are gone.
pub(super) fn md_text(text: &str) -> String {
    let line = plain_text(text);
    let line = line.trim();
    let mut out = String::with_capacity(line.len() + 16);
    // "1. x" at the start of a line would be a list.
    let ordinal = line.find(|c: char| !c.is_ascii_digit()).filter(|at| {
        let marks = line[*at..].strip_prefix('.').is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
        *at > 0 && marks
    });
    for (at, c) in line.char_indices() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '@' => out.push_str("@&#8203;"),
            '#' => out.push_str("\\#&#8203;"),
            ':' if line[at..].starts_with("://") => out.push_str(":&#8203;"),
            '.' if ends_with_www(&line[..at]) => out.push_str("&#8203;."),
            '.' if ordinal == Some(at) => out.push_str("\\."),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '+' | '-' | '!' | '~' | '$' | '=' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
    }
    out
}

fn ends_with_www(text: &str) -> bool {
    text.len() >= 3 && text.is_char_boundary(text.len() - 3) && text[text.len() - 3..].eq_ignore_ascii_case("www")
}

fn cell_text(text: &str) -> String {
    let line = plain_text(text);
    let line = line.trim();
    if line.is_empty() || line.contains(['|', '`']) { md_text(line) } else { format!("`{line}`") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Value {
        Value::from(text)
    }

    #[test]
    fn money_rounds_half_away_from_zero_and_never_hides_a_small_amount() {
        for (amount, printed) in [
            ("1234.565", "1,234.57"),
            ("-1234.565", "-1,234.57"),
            ("1234567", "1,234,567.00"),
            ("999.999", "1,000.00"),
            ("0", "0.00"),
            ("-0.0", "0.00"),
            ("0.005", "0.01"),
            ("0.0049", "<0.01"),
            ("-0.0049", ">-0.01"),
        ] {
            assert_eq!(money(&of(amount)).unwrap(), printed, "{amount}");
        }
        assert_eq!(money(&Value::from(())).unwrap(), "unpriced");
        assert!(money(&of("abc")).is_err());
        assert!(money(&Value::UNDEFINED).is_err());
    }

    #[test]
    fn unit_prices_keep_six_places() {
        for (amount, printed) in
            [("0.045", "0.045"), ("0.08", "0.08"), ("5", "5.00"), ("0.0000125", "0.000013"), ("1e-9", "<0.000001")]
        {
            assert_eq!(amount6(&of(amount)).unwrap(), printed, "{amount}");
        }
    }

    #[test]
    fn ratios_and_counts() {
        assert_eq!(percent(&of("0.5678")).unwrap(), "56.8 %");
        assert_eq!(percent(&of("1")).unwrap(), "100.0 %");
        assert_eq!(percent(&Value::from(())).unwrap(), "unknown");
        assert_eq!(whole(&Value::from(33_120)).unwrap(), "33,120");
        assert_eq!(whole(&Value::from(0)).unwrap(), "0");
    }

    #[test]
    fn plain_text_has_nothing_a_terminal_obeys() {
        assert_eq!(plain_text("\u{1b}[31mred\u{1b}]0;t\u{7}"), "[31mred]0;t");
        assert_eq!(plain_text("a\nb\tc\r\nd"), "a b c  d");
        assert_eq!(plain_text("x\u{9b}31m\u{202e}y\u{2066}z\u{200b}\u{feff}"), "x31myz");
        assert_eq!(plain_text("größe 漢字"), "größe 漢字");
        assert_eq!(plain_lines("a\n\u{1b}b"), "a\nb");
    }

    #[test]
    fn markdown_text_means_nothing() {
        assert_eq!(md_text("| a | **b** [x](javascript:1)"), r"&#124; a &#124; \*\*b\*\* \[x\]\(javascript:1\)");
        assert_eq!(md_text("<b>&amp;"), "&lt;b&gt;&amp;amp;");
        assert_eq!(
            md_text("see https://example.com or www.example.com"),
            "see https:&#8203;//example.com or www&#8203;.example.com"
        );
        assert_eq!(md_text("@team #12"), r"@&#8203;team \#&#8203;12");
        assert_eq!(md_text("1. first"), r"1\. first");
        assert_eq!(md_text("1.5 GiB"), "1.5 GiB");
        assert_eq!(md_text("a\nb"), "a b");
        assert_eq!(md_text("{{ 7*7 }}"), r"\{\{ 7\*7 \}\}");
    }

    #[test]
    fn identifiers_are_code_unless_that_could_be_broken_out_of() {
        assert_eq!(cell_text("vol-0abc"), "`vol-0abc`");
        assert_eq!(cell_text("a`b"), r"a\`b");
        assert_eq!(cell_text("a|b"), "a&#124;b");
        assert_eq!(cell_text("a\n<b>"), "`a <b>`");
    }
}
