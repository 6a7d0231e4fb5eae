//! Sections of a rule page ("What to do", "When to leave it") inside a report.
//!
//! Knows: Markdown. Does not know: rules. A page of a user's own may hold anything, so in HTML its raw HTML becomes
//! text, its images become their description, and only `https` links stay links.

use minijinja::{Environment, Error, Value};
use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

use super::filters::given;

/// Headings of a page stand below the fourth level of a report.
const DEMOTED_BY: usize = 3;

/// Adds `page_html` and `page_md` to an environment.
pub(super) fn register(environment: &mut Environment<'_>) {
    environment.add_filter("page_html", page_html);
    environment.add_filter("page_md", page_md);
}

fn page_html(value: &Value) -> Result<Value, Error> {
    Ok(Value::from_safe_string(to_html(&given(value)?.unwrap_or_default())))
}

fn page_md(value: &Value) -> Result<String, Error> {
    Ok(demoted(&given(value)?.unwrap_or_default()))
}

/// Markdown as harmless HTML.
fn to_html(markdown: &str) -> String {
    let mut kept = Vec::new();
    let parser = Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH);
    let events = parser.filter_map(|event| inert(event, &mut kept));
    let mut out = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut out, events);
    out
}

/// `kept` holds, for each open link or image, whether it became a link.
fn inert<'a>(event: Event<'a>, kept: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::Start(Tag::HtmlBlock) => Some(Event::Start(Tag::Paragraph)),
        Event::End(TagEnd::HtmlBlock) => Some(Event::End(TagEnd::Paragraph)),
        Event::Start(Tag::Heading { level, .. }) => {
            let level = lower(level);
            Some(Event::Start(Tag::Heading { level, id: None, classes: Vec::new(), attrs: Vec::new() }))
        }
        Event::End(TagEnd::Heading(level)) => Some(Event::End(TagEnd::Heading(lower(level)))),
        Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
            let keep = !kept.contains(&true) && dest_url.starts_with("https://");
            kept.push(keep);
            keep.then(|| {
                let (title, id) = (CowStr::Borrowed(""), CowStr::Borrowed(""));
                Event::Start(Tag::Link { link_type: LinkType::Inline, dest_url, title, id })
            })
        }
        Event::End(TagEnd::Link | TagEnd::Image) => kept.pop().unwrap_or(false).then_some(Event::End(TagEnd::Link)),
        other => Some(other),
    }
}

fn lower(level: HeadingLevel) -> HeadingLevel {
    HeadingLevel::try_from(level as usize + DEMOTED_BY).unwrap_or(HeadingLevel::H6)
}

/// Markdown with its headings below the report's, and its last code fence closed.
fn demoted(markdown: &str) -> String {
    let mut out = String::with_capacity(markdown.len() + 16);
    let mut fence: Option<(char, usize)> = None;
    for line in markdown.trim().lines() {
        let body = line.trim_start();
        match (fence, fence_of(body)) {
            (None, Some(opened)) => fence = Some(opened),
            (Some((mark, length)), Some((other, longer)))
                if other == mark && longer >= length && body.trim_start_matches(mark).trim().is_empty() =>
            {
                fence = None;
            }
            _ => {}
        }
        let hashes = body.len() - body.trim_start_matches('#').len();
        let heading = fence.is_none()
            && line.len() - body.len() < 4
            && (1..=6).contains(&hashes)
            && body[hashes..].starts_with([' ', '\t']);
        if heading {
            out.push_str(&"#".repeat((hashes + DEMOTED_BY).min(6)));
            out.push_str(&body[hashes..]);
        } else {
            out.push_str(line);
        }
        out.push('\n');
    }
    if let Some((mark, length)) = fence {
        out.push_str(&mark.to_string().repeat(length));
        out.push('\n');
    }
    out
}

fn fence_of(line: &str) -> Option<(char, usize)> {
    let mark = line.chars().next().filter(|c| matches!(c, '`' | '~'))?;
    let length = line.len() - line.trim_start_matches(mark).len();
    (length >= 3).then_some((mark, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn raw_html_becomes_text() {
        let html = to_html("a <b onclick=x>bold</b>\n\n<script>alert(1)</script>\n");
        assert!(!html.contains("<b") && !html.contains("<script"), "{html}");
        assert!(html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{html}");
    }

    #[test]
    fn only_https_links_stay_links() {
        assert_eq!(to_html("[x](javascript:alert(1))"), "<p>x</p>\n");
        assert_eq!(to_html("[x](http://example.com)"), "<p>x</p>\n");
        assert_eq!(to_html("<mailto:a@example.com>"), "<p>mailto:a@example.com</p>\n");
        assert_eq!(to_html("[x](https://example.com)"), "<p><a href=\"https://example.com\">x</a></p>\n");
    }

    #[test]
    fn an_image_becomes_its_description() {
        assert_eq!(to_html("![a chart](http://example.com/c.png)"), "<p>a chart</p>\n");
        assert_eq!(
            to_html("[![c](https://example.com/c.png)](https://example.com)"),
            "<p><a href=\"https://example.com\">c</a></p>\n"
        );
    }

    #[test]
    fn headings_go_below_those_of_the_report() {
        assert_eq!(to_html("## Console"), "<h5>Console</h5>\n");
        assert_eq!(
            demoted("# A\n## B\n###### C\n```sh\n# a comment\n```"),
            "#### A\n##### B\n###### C\n```sh\n# a comment\n```\n"
        );
    }

    #[test]
    fn an_open_fence_is_closed() {
        assert_eq!(demoted("````sh\nls\n```"), "````sh\nls\n```\n````\n");
    }
}
