//! YAML, one document of it, as ruamel.yaml's safe loader reads it.
//!
//! The syntax is left to `saphyr_parser`, what a plain scalar means to `yaml_scalar`. Here nodes are put together: tags, anchors, merge
//! keys, and no key twice.

use std::borrow::Cow;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, Tag};

use super::python::Value;
use super::yaml_scalar::{self, Version};

/// How many nodes a document may have, those of an alias counted each time: an input has four.
const MOST_NODES: usize = 100_000;
/// How deep lists and maps may lie inside each other.
const DEEPEST: usize = 200;

/// Reads the one document of `text`; an empty one is `None` to Python. The result is `None` where it is not YAML.
pub(crate) fn parse(text: &str) -> Option<Value> {
    let source = Source::new(text)?;
    let mut composer = Composer { version: version(text)?, open: Vec::new(), anchors: Vec::new(), nodes: 0, root: None };
    let mut documents = 0;
    let mut quoted = Vec::new();
    for event in Parser::new_from_str(text) {
        let (event, span) = event.ok()?;
        let at = span.start.index();
        match event {
            Event::DocumentStart(_) => documents += 1,
            Event::Scalar(value, style, anchor, tag) if style != ScalarStyle::Plain => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                if is_block && composer.open.last().is_some_and(|open| open.is_flow) {
                    return None;
                }
                let span = at..span.end.index();
                let value = if is_block { source.unfinished(&span, value) } else { value };
                quoted.push(span);
                composer.take(Event::Scalar(value, style, anchor, tag), false)?;
            }
            event => composer.take(event, source.is_flow(at))?,
        }
    }
    match documents {
        _ if source.has_tab_outside(&quoted) => None,
        0 if text.lines().any(|line| line.starts_with("...")) => None,
        0 => Some(Value::None),
        1 => composer.root,
        _ => None,
    }
}

/// The version that a directive before the document names. `None` for one that is not known.
fn version(text: &str) -> Option<Version> {
    let directives = text.lines().take_while(|line| line.starts_with(['%', '#']) || line.trim().is_empty());
    let named = directives.filter_map(|line| line.strip_prefix("%YAML")).last();
    match named.map(|version| version.split('#').next().unwrap_or_default().trim()) {
        Some("1.1") => Some(Version::V1_1),
        Some(version) if !version.starts_with("1.") => None,
        _ => Some(Version::V1_2),
    }
}

/// The text character by character, for what the events leave out.
struct Source {
    chars: Vec<char>,
}

impl Source {
    /// `None` where a character stands in it that YAML has no place for.
    fn new(text: &str) -> Option<Self> {
        let belongs = |c: &char| !c.is_control() || matches!(c, '\t' | '\n' | '\r' | '\u{85}');
        let chars: Vec<char> = text.chars().collect();
        chars.iter().all(belongs).then_some(Self { chars })
    }

    fn is_flow(&self, at: usize) -> bool {
        matches!(self.chars.get(at), Some('{' | '['))
    }

    /// The text of a block, without the line end that the parser gives the last line of a document that has none there.
    fn unfinished<'a>(&self, block: &Range<usize>, text: Cow<'a, str>) -> Cow<'a, str> {
        if block.end < self.chars.len() || self.chars.last() == Some(&'\n') {
            return text;
        }
        let last_is_blank = self.chars.iter().rev().take_while(|c| **c != '\n').all(|c| *c == ' ');
        let keeps_all = self.chars[block.start..].iter().take_while(|c| **c != '\n').any(|c| *c == '+');
        match text.strip_suffix('\n') {
            Some(without) if !last_is_blank => Cow::Owned(without.to_owned()),
            Some(without) if !keeps_all => Cow::Owned(format!("{}\n", without.trim_end_matches('\n'))),
            _ => text,
        }
    }

    /// Whether a tab stands outside quotes, blocks of text and comments. To ruamel.yaml it is no white space.
    fn has_tab_outside(&self, quoted: &[Range<usize>]) -> bool {
        let mut in_comment = false;
        let mut before = '\n';
        for (at, &c) in self.chars.iter().enumerate() {
            let is_quoted = quoted.iter().any(|span| span.contains(&at));
            match c {
                '\n' => in_comment = false,
                '#' if !is_quoted && before.is_whitespace() => in_comment = true,
                '\t' if !is_quoted && !in_comment => return true,
                _ => {}
            }
            before = c;
        }
        false
    }
}

/// A list or a map that is not yet closed.
struct Open {
    anchor: usize,
    tag: Option<String>,
    is_map: bool,
    /// Whether it is in braces or brackets, or in something that is.
    is_flow: bool,
    /// The items; of a map, keys and values in turn.
    items: Vec<Node>,
}

/// A value, and whether it stood there as the plain key `<<`.
struct Node {
    value: Value,
    is_merge: bool,
}

struct Composer {
    version: Version,
    open: Vec<Open>,
    anchors: Vec<(usize, Value, usize)>,
    nodes: usize,
    root: Option<Value>,
}

impl Composer {
    /// Takes the next event; `is_flow` says of a list or a map that it is in brackets or braces.
    fn take(&mut self, event: Event<'_>, is_flow: bool) -> Option<()> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let is_plain = style == ScalarStyle::Plain;
                let is_merge = is_plain && tag.is_none() && text == "<<";
                let value = match name(tag.as_deref())? {
                    Some(tag) => yaml_scalar::tagged(&tag, &text, self.version)?,
                    None if is_plain && !is_merge => yaml_scalar::plain(&text, self.version)?,
                    None => Value::Str(text.into_owned()),
                };
                self.put(value, anchor, 1, is_merge)
            }
            Event::SequenceStart(anchor, tag) => self.open(anchor, tag.as_deref(), false, is_flow),
            Event::MappingStart(anchor, tag) => self.open(anchor, tag.as_deref(), true, is_flow),
            Event::SequenceEnd | Event::MappingEnd => {
                let open = self.open.pop()?;
                let (anchor, count) = (open.anchor, open.items.len());
                self.put(close(open)?, anchor, count, false)
            }
            Event::Alias(id) => {
                let (_, value, count) = self.anchors.iter().rev().find(|(anchor, ..)| *anchor == id)?;
                let (value, count) = (value.clone(), *count);
                self.put(value, 0, count, false)
            }
            _ => Some(()),
        }
    }

    fn open(&mut self, anchor: usize, tag: Option<&Tag>, is_map: bool, is_flow: bool) -> Option<()> {
        let is_flow = is_flow || self.open.last().is_some_and(|open| open.is_flow);
        self.open.push(Open { anchor, tag: name(tag)?, is_map, is_flow, items: Vec::new() });
        (self.open.len() <= DEEPEST).then_some(())
    }

    fn put(&mut self, value: Value, anchor: usize, nodes: usize, is_merge: bool) -> Option<()> {
        self.nodes += nodes;
        if self.nodes > MOST_NODES {
            return None;
        }
        if anchor > 0 {
            self.anchors.push((anchor, value.clone(), size(&value)));
        }
        match self.open.last_mut() {
            Some(open) => open.items.push(Node { value, is_merge }),
            None => self.root = Some(value),
        }
        Some(())
    }
}

/// The name of a tag of YAML's own; nothing for no tag and for the bare `!`. `None` where it is some other tag.
fn name(tag: Option<&Tag>) -> Option<Option<String>> {
    let Some(tag) = tag else { return Some(None) };
    let whole = format!("{}{}", tag.handle, tag.suffix);
    match whole.strip_prefix("tag:yaml.org,2002:") {
        Some(name) => Some(Some(name.to_owned())),
        None => (whole == "!").then_some(None),
    }
}

fn size(value: &Value) -> usize {
    match value {
        Value::List(items) | Value::Set(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Map(members) => 1 + members.iter().map(|(key, value)| size(key) + size(value)).sum::<usize>(),
        _ => 1,
    }
}

fn close(open: Open) -> Option<Value> {
    if !open.is_map {
        let items = open.items.into_iter().map(|node| (!node.is_merge).then_some(node.value)).collect::<Option<_>>()?;
        return matches!(open.tag.as_deref(), None | Some("seq")).then_some(Value::List(items));
    }
    let members = members(open.items)?;
    match open.tag.as_deref() {
        None | Some("map") => Some(Value::Map(members)),
        Some("set") => Some(Value::Set(members.into_iter().map(|(key, _)| key).collect())),
        _ => None,
    }
}

/// A map's own members, and before them those that it merges and does not have itself.
fn members(nodes: Vec<Node>) -> Option<Vec<(Value, Value)>> {
    let mut own: Vec<(Value, Value)> = Vec::new();
    let mut merged: Vec<(Value, Value)> = Vec::new();
    let mut nodes = nodes.into_iter();
    while let (Some(key), Some(node)) = (nodes.next(), nodes.next()) {
        if node.is_merge || matches!(key.value, Value::Map(_) | Value::Set(_)) {
            return None;
        }
        if key.is_merge {
            let maps = match node.value {
                Value::List(maps) => maps,
                map => vec![map],
            };
            for map in maps {
                let Value::Map(members) = map else { return None };
                let new = members.into_iter().filter(|(key, _)| !has(&merged, key)).collect::<Vec<_>>();
                merged.extend(new);
            }
        } else if has(&own, &key.value) {
            return None;
        } else {
            own.push((key.value, node.value));
        }
    }
    merged.retain(|(key, _)| !has(&own, key));
    merged.append(&mut own);
    Some(merged)
}

fn has(members: &[(Value, Value)], key: &Value) -> bool {
    members.iter().any(|(known, _)| known.type_name() == key.type_name() && known.shown() == key.shown())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        parse(text).map(|value| value.shown())
    }

    #[test]
    fn anchors_merges_blocks_and_tags_are_read() {
        for (text, python) in [
            ("", "None"),
            ("a: &x 1\nb: *x", "{'a': 1, 'b': 1}"),
            ("base: &b {a: 1, c: 2}\nm: {<<: *b, a: 3}", "{'base': {'a': 1, 'c': 2}, 'm': {'c': 2, 'a': 3}}"),
            ("a: |\n  x\n  y\n", "{'a': 'x\\ny\\n'}"),
            ("a: |\n  x", "{'a': 'x'}"),
            ("a: !!binary UGFzcw==\nb: !!str 1\nc: ! 2", "{'a': b'Pass', 'b': '1', 'c': 2}"),
            ("%YAML 1.1\n---\na: yes\n", "{'a': True}"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(python), "{text}");
        }
    }

    #[test]
    fn what_is_no_single_plain_document_is_refused() {
        for text in ["a: [b\n: x", "a: 1\n---\nb: 2\n", "a: 1\na: 2", "a: !foo x", "a: *no", "a: @x", "a: %x", "a: x: y", "a: &x [*x]"] {
            assert!(shown(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_document_that_grows_without_bounds_is_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for n in 1..10 {
            let item = format!("*a{}", n - 1);
            text += &format!("a{n}: &a{n} [{}]\n", vec![item; 10].join(", "));
        }
        assert!(parse(&text).is_none());
    }
}
