//! A picture of figures, with the same figures as a table below it: the table is the truth, the picture a help.

use kernel::Bilingual as _;
use maud::{Markup, PreEscaped, html};
use serde_json::json;

use super::Screen;
use crate::catalogue::{Chart, Kind, Shape, Value};
use crate::words;

/// A chart. The script `charts.js` draws it from `data-chart`; without the script the table is open to be read.
pub(crate) fn chart(screen: &Screen<'_>, chart: &Chart) -> Markup {
    let lang = screen.lang;
    let title = words::say(lang, &format!("block.{}", chart.name));
    let series: Vec<serde_json::Value> = chart
        .series
        .iter()
        .map(|(name, values)| {
            json!({
                "title": name.text(lang),
                "values": values.iter().map(plain).collect::<Vec<_>>(),
                "written": values.iter().map(|value| value.written(chart.kind, lang)).collect::<Vec<_>>(),
            })
        })
        .collect();
    let shape = match chart.shape {
        Shape::Line => "line",
        Shape::Bar => "bar",
        Shape::Stacked => "stacked",
    };
    let data = json!({
        "shape": shape,
        "along": chart.along,
        "series": series,
        "percent": matches!(chart.kind, Kind::Percent(_)),
        "whole": chart.kind == Kind::Count,
    });
    html! {
        figure.chart data-chart=(data.to_string()) {
            div.canvas role="img" aria-label={ (title) " · " (words::say(lang, "frame.figures_below")) } {}
            details.figures {
                summary { (words::say(lang, "frame.figures")) }
                div.table-box tabindex="0" role="region" aria-label=(title) {
                    table {
                        thead { tr {
                            th scope="col" {}
                            @for (name, _) in &chart.series { th.figure scope="col" { (name.text(lang)) } }
                        } }
                        tbody { @for (at, place) in chart.along.iter().enumerate() {
                            tr {
                                th scope="row" { (place) }
                                @for (_, values) in &chart.series {
                                    td.figure { @if let Some(value) = values.get(at) {
                                        span.negative[value.is_negative()] { (value.written(chart.kind, lang)) }
                                    } }
                                }
                            }
                        } }
                    }
                }
            }
        }
    }
}

/// A value as exact decimal text, nothing for none.
fn plain(value: &Value) -> Option<String> {
    match value.json(kernel::Lang::En) {
        serde_json::Value::String(text) => Some(text),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// A row of small bars, a bar a value, the last one filled: twelve months at a glance, beside the figure they belong to.
/// `words` say what they show to who cannot see them. The values are whole units of one kind; none leaves a gap.
pub(crate) fn spark(values: &[Option<i64>], words: &str) -> Markup {
    const HEIGHT: i128 = 24;
    const STEP: usize = 8;
    let most = values.iter().flatten().map(|value| i128::from(*value).abs()).max().unwrap_or(0).max(1);
    let below = values.iter().flatten().any(|value| *value < 0);
    let (floor, room) = if below { (HEIGHT / 2, HEIGHT / 2) } else { (HEIGHT, HEIGHT) };
    let mut bars = String::new();
    for (at, value) in values.iter().enumerate() {
        let Some(value) = *value else { continue };
        let tall = (i128::from(value).abs() * room / most).max(1);
        let top = if value < 0 { floor } else { floor - tall };
        let class = match (value < 0, at + 1 == values.len()) {
            (true, _) => "below",
            (false, true) => "last",
            (false, false) => "bar",
        };
        bars.push_str(&format!(
            "<rect class=\"{class}\" x=\"{}\" y=\"{top}\" width=\"{}\" height=\"{tall}\"/>",
            at * STEP,
            STEP - 2
        ));
    }
    let width = (values.len() * STEP).max(STEP) - 2;
    html! {
        svg.spark width=(width) height="24" viewBox={ "0 0 " (width) " 24" } role="img" aria-label=(words) { (PreEscaped(bars)) }
    }
}
