//! The charts of the HTML report, as inline SVG.
//!
//! Knows: lines, bars, pixels. Does not know: colours on screen; the page's style sheet replaces the ones drawn here by
//! attribute, for light and dark. Scaling to pixels is the only arithmetic.

use minijinja::Value;
use plotters::coord::Shift;
use plotters::prelude::{
    Color, DrawingArea, DrawingAreaErrorKind, FontDesc, FontFamily, FontStyle, IntoDrawingArea, PathElement, Polygon,
    RGBAColor, RGBColor, Rectangle, SVGBackend, ShapeStyle, TextStyle,
};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::review::{Amount, Review};

use super::ReportError;
use super::filters::{plain_text, rounded};

/// Effective cost and savings; `#0B6E5B` in the style sheet.
pub(super) const ACCENT: RGBColor = RGBColor(0x0B, 0x6E, 0x5B);
/// Billed cost; `#B4690E`.
pub(super) const SECOND: RGBColor = RGBColor(0xB4, 0x69, 0x0E);
/// Text; `#3C4650`.
pub(super) const INK: RGBColor = RGBColor(0x3C, 0x46, 0x50);
/// Grid; `#D5DAE0`.
pub(super) const GRID: RGBColor = RGBColor(0xD5, 0xDA, 0xE0);

const WIDTH: i32 = 720;
const DAYS_HEIGHT: i32 = 240;
const BAR_HEIGHT: i32 = 30;
/// Bars shown; the rest is in the table below the chart.
const MOST_BARS: usize = 10;
const LABEL_LENGTH: usize = 26;

pub(super) type Canvas<'a> = DrawingArea<SVGBackend<'a>, Shift>;
pub(super) type Drawn = Result<(), DrawingAreaErrorKind<std::io::Error>>;

/// `days`, `savings`, `frontier` and `services`, each null when there is nothing to draw.
pub(super) fn all(review: &Review) -> Result<Value, ReportError> {
    let savings: Vec<(String, Amount)> =
        review.plan.by_strategy.iter().map(|line| (line.strategy.clone(), line.net)).collect();
    let services = review.breakdowns.iter().find(|breakdown| breakdown.dimension == "service");
    let services: Vec<(String, Amount)> = services.map_or_else(Vec::new, |breakdown| {
        let name = |key: &Option<String>| key.clone().unwrap_or_else(|| "(none)".to_owned());
        breakdown.rows.iter().map(|row| (name(&row.key), row.effective)).collect()
    });
    let currency = &review.currency;
    Ok(Value::from_pairs([
        ("days", days(review)?),
        ("savings", bars(&format!("Net savings per month by strategy, {currency}"), &savings)?),
        ("frontier", frontier(review)?),
        ("services", bars(&format!("Effective cost by service, latest billing period, {currency}"), &services)?),
    ]))
}

/// Cost of usage of each day: effective as an area, billed as a line.
fn days(review: &Review) -> Result<Value, ReportError> {
    let (Some(first), Some(last)) = (review.days.first(), review.days.last()) else { return Ok(Value::from(())) };
    let highest = review.days.iter().map(|day| day.billed.0.max(day.effective.0)).max().unwrap_or_default();
    let top = ceiling(highest);
    let (left, right, upper, lower) = (84, WIDTH - 16, 16, DAYS_HEIGHT - 32);
    let steps = i32::try_from(review.days.len().saturating_sub(1)).unwrap_or(i32::MAX).max(1);
    let x = |index: usize| {
        let index = i32::try_from(index).unwrap_or(i32::MAX);
        left + scaled(Decimal::from(index), Decimal::from(steps), right - left)
    };
    let y = |amount: Decimal| lower - scaled(amount, top, lower - upper);
    let effective: Vec<(i32, i32)> =
        review.days.iter().enumerate().map(|(index, day)| (x(index), y(day.effective.0))).collect();
    let billed: Vec<(i32, i32)> =
        review.days.iter().enumerate().map(|(index, day)| (x(index), y(day.billed.0))).collect();
    let mut area = effective.clone();
    area.push((x(review.days.len() - 1), lower));
    area.push((left, lower));
    let label = format!(
        "Cost of usage of each day from {} to {}, {}; the highest day is {}",
        first.day,
        last.day,
        review.currency,
        rounded(highest, 2)
    );
    figure(&label, DAYS_HEIGHT, |canvas| {
        for share in 0..=2 {
            let amount = top * Decimal::from(share) / Decimal::TWO;
            let at = y(amount);
            canvas.draw(&PathElement::new(vec![(left, at), (right, at)], stroke(GRID, 1)))?;
            write(canvas, &rounded(amount, if top < Decimal::TEN { 2 } else { 0 }), (left - 8, at), HPos::Right)?;
        }
        canvas.draw(&Polygon::new(area.clone(), fill(ACCENT.mix(0.16))))?;
        canvas.draw(&PathElement::new(billed.clone(), stroke(SECOND, 2)))?;
        canvas.draw(&PathElement::new(effective.clone(), stroke(ACCENT, 2)))?;
        let below = lower + 16;
        write(canvas, &plain_text(&first.day), (left, below), HPos::Left)?;
        if review.days.len() > 1 {
            write(canvas, &plain_text(&last.day), (right, below), HPos::Right)?;
        }
        Ok(())
    })
}

/// Savings a month against dollars an hour of what the plan says to buy, all purchases together: tenths of the advice, up to
/// one and a half times.
fn frontier(review: &Review) -> Result<Value, ReportError> {
    let bought = review.findings.iter().filter(|finding| finding.standing == crate::review::Standing::Chosen);
    let purchases: Vec<_> = bought.filter_map(|finding| finding.purchase.as_ref()).collect();
    let points = purchases.iter().map(|purchase| purchase.frontier.len()).min().unwrap_or(0);
    if points < 2 {
        return Ok(Value::from(()));
    }
    let sum = |point: usize| {
        purchases.iter().fold((Decimal::ZERO, Decimal::ZERO), |(hourly, saving), purchase| {
            let (more, saves) = purchase.frontier[point];
            (hourly + more.0, saving + saves.0)
        })
    };
    let all: Vec<(Decimal, Decimal)> = (0..points).map(sum).collect();
    let advised: Decimal = purchases.iter().map(|purchase| purchase.hourly.0).sum();
    let (most, widest) = all
        .iter()
        .fold((Decimal::ZERO, Decimal::ZERO), |(saving, hourly), point| (saving.max(point.1), hourly.max(point.0)));
    if most <= Decimal::ZERO {
        return Ok(Value::from(()));
    }
    let top = ceiling(most);
    let (left, right, upper, lower) = (84, WIDTH - 24, 16, DAYS_HEIGHT - 32);
    let x = |hourly: Decimal| left + scaled(hourly, widest, right - left);
    // A point that loses money is drawn at the bottom.
    let line: Vec<(i32, i32)> =
        all.iter().map(|(hourly, saving)| (x(*hourly), lower - scaled(*saving, top, lower - upper))).collect();
    let label = format!(
        "Saving a month against {} an hour committed; the advice is {} an hour",
        review.currency,
        rounded(advised, 3)
    );
    figure(&label, DAYS_HEIGHT, |canvas| {
        for share in 0..=2 {
            let amount = top * Decimal::from(share) / Decimal::TWO;
            let at = lower - scaled(amount, top, lower - upper);
            canvas.draw(&PathElement::new(vec![(left, at), (right, at)], stroke(GRID, 1)))?;
            write(canvas, &rounded(amount, if top < Decimal::TEN { 2 } else { 0 }), (left - 8, at), HPos::Right)?;
        }
        canvas.draw(&PathElement::new(vec![(x(advised), upper), (x(advised), lower)], stroke(SECOND, 2)))?;
        canvas.draw(&PathElement::new(line.clone(), stroke(ACCENT, 2)))?;
        let below = lower + 16;
        write(canvas, "0 an hour", (left, below), HPos::Left)?;
        write(canvas, &format!("advised {}", rounded(advised, 3)), (x(advised), below), HPos::Center)?;
        write(canvas, &rounded(widest, 3), (right, below), HPos::Right)
    })
}

/// One bar for each amount above zero.
fn bars(label: &str, lines: &[(String, Amount)]) -> Result<Value, ReportError> {
    let lines: Vec<&(String, Amount)> =
        lines.iter().filter(|(_, amount)| amount.0 > Decimal::ZERO).take(MOST_BARS).collect();
    let Some(highest) = lines.iter().map(|(_, amount)| amount.0).max() else { return Ok(Value::from(())) };
    let count = i32::try_from(lines.len()).unwrap_or(i32::MAX);
    let (left, right) = (204, WIDTH - 116);
    let spoken: Vec<String> =
        lines.iter().map(|(name, amount)| format!("{} {}", plain_text(name), rounded(amount.0, 2))).collect();
    figure(&format!("{label}: {}", spoken.join(", ")), count * BAR_HEIGHT + 8, |canvas| {
        for (row, (name, amount)) in (0..count).zip(lines.iter().copied()) {
            let upper = row * BAR_HEIGHT + 8;
            let lower = upper + BAR_HEIGHT - 10;
            let end = left + scaled(amount.0, highest, right - left).max(1);
            let middle = i32::midpoint(upper, lower);
            write(canvas, &short(name), (left - 10, middle), HPos::Right)?;
            canvas.draw(&Rectangle::new([(left, upper), (end, lower)], fill(ACCENT.to_rgba())))?;
            write(canvas, &rounded(amount.0, 2), (end + 8, middle), HPos::Left)?;
        }
        Ok(())
    })
}

/// An SVG element with a text alternative.
pub(super) fn figure(label: &str, height: i32, draw: impl Fn(&Canvas<'_>) -> Drawn) -> Result<Value, ReportError> {
    let mut svg = String::new();
    {
        let size = (WIDTH.unsigned_abs(), height.unsigned_abs());
        let canvas = SVGBackend::with_string(&mut svg, size).into_drawing_area();
        let drawn = draw(&canvas).and_then(|()| canvas.present());
        drawn.map_err(|error| ReportError::Chart(error.to_string()))?;
    }
    // The backend's own opening tag has fixed sizes and no role.
    let body = svg.split_once('>').map_or("", |(_, body)| body);
    let label = escaped(&plain_text(label));
    Ok(Value::from_safe_string(format!(
        "<svg class=\"chart\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{label}\">\n<title>{label}</title>{body}"
    )))
}

pub(super) fn write(canvas: &Canvas<'_>, text: &str, at: (i32, i32), side: HPos) -> Drawn {
    let font = FontDesc::new(FontFamily::SansSerif, 16.0, FontStyle::Normal);
    let style = TextStyle { font, color: INK.to_backend_color(), pos: Pos::new(side, VPos::Center) };
    canvas.draw_text(text, &style, at)
}

pub(super) fn stroke(color: RGBColor, width: u32) -> ShapeStyle {
    ShapeStyle { color: color.to_rgba(), filled: false, stroke_width: width }
}

pub(super) fn fill(color: RGBAColor) -> ShapeStyle {
    ShapeStyle { color, filled: true, stroke_width: 0 }
}

/// Pixels of an amount, when `most` takes `pixels`.
fn scaled(amount: Decimal, most: Decimal, pixels: i32) -> i32 {
    if most <= Decimal::ZERO {
        return 0;
    }
    let share = amount.clamp(Decimal::ZERO, most) / most;
    (share * Decimal::from(pixels)).round().to_i32().unwrap_or(0)
}

/// The next 1, 2 or 5 times a power of ten: a round end for an axis.
fn ceiling(highest: Decimal) -> Decimal {
    let mut unit = Decimal::new(1, 2);
    while let Some(next) = unit.checked_mul(Decimal::TEN) {
        for step in [unit, unit * Decimal::TWO, unit * Decimal::from(5)] {
            if step >= highest {
                return step;
            }
        }
        unit = next;
    }
    highest
}

fn short(name: &str) -> String {
    let name = plain_text(name);
    if name.chars().count() <= LABEL_LENGTH {
        return name;
    }
    let start: String = name.chars().take(LABEL_LENGTH - 1).collect();
    format!("{start}…")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample::sample;

    #[test]
    fn an_axis_ends_at_a_round_number() {
        for (highest, end) in [("0", "0.01"), ("0.011", "0.02"), ("37", "50"), ("100", "100"), ("101", "200")] {
            assert_eq!(ceiling(highest.parse().unwrap()).normalize(), end.parse::<Decimal>().unwrap(), "{highest}");
        }
    }

    #[test]
    fn amounts_scale_to_pixels() {
        let (five, ten) = (Decimal::from(5), Decimal::TEN);
        assert_eq!(scaled(five, ten, 100), 50);
        assert_eq!(scaled(-five, ten, 100), 0);
        assert_eq!(scaled(five, Decimal::ZERO, 100), 0);
    }

    #[test]
    fn every_chart_has_a_role_a_title_and_no_address() {
        let charts = all(&sample()).unwrap();
        for name in ["days", "savings", "frontier", "services"] {
            let svg = charts.get_attr(name).unwrap().to_string();
            assert!(svg.starts_with("<svg class=\"chart\""), "{name}: {svg}");
            assert!(svg.contains("role=\"img\"") && svg.contains("<title>") && svg.contains("</svg>"), "{name}");
            assert!(!svg.contains("http"), "{name}");
        }
    }

    #[test]
    fn a_review_without_days_has_no_chart_of_days() {
        let mut review = sample();
        review.days.clear();
        assert!(all(&review).unwrap().get_attr("days").unwrap().is_none());
    }

    #[test]
    fn hostile_names_are_text() {
        let lines = [("<script>alert(1)</script>".to_owned(), Amount(Decimal::ONE))];
        let svg = bars("\"><img src=x>", &lines).unwrap().to_string();
        assert!(!svg.contains("<script") && !svg.contains("<img"), "{svg}");
    }
}
