//! Rules that one file is read for: sizes, casts, hazards of binrw, forbidden marks.

use crate::tokens::{Token, after_group, shipped, text, tokens};

/// Lines of a file without its tests; such a file holds more than one thing.
const FILE_LINES: usize = 500;
/// Lines of a function that the house aims at, and those that no function may have.
const FUNCTION_LINES: (usize, usize) = (60, 80);

const NUMBERS: [&str; 14] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];

/// What is wrong, and in which line.
pub(crate) type Offence = (usize, String);

/// Files and functions that are too long, in code that ships.
pub(crate) fn sizes(source: &str) -> Vec<Offence> {
    let code = shipped(&tokens(source));
    let lines = source.lines().count() - code.test_lines;
    let mut found = Vec::new();
    if lines > FILE_LINES {
        found.push((
            1,
            format!("{lines} lines without the tests, at most {FILE_LINES}: does it hold one thing?"),
        ));
    }
    let (aim, most) = FUNCTION_LINES;
    for (i, token) in code.tokens.iter().enumerate() {
        let Some(name) = code.tokens.get(i + 1).filter(|t| token.text == "fn" && t.is_word()) else {
            continue;
        };
        let Some(end) = end_of_function(&code.tokens, i) else { continue };
        let length = code.tokens[end - 1].line - token.line + 1;
        if length > most {
            let name = &name.text;
            found.push((
                token.line,
                format!("function {name} has {length} lines, aim at {aim}, at most {most}"),
            ));
        }
    }
    found
}

/// The index after the body of the function whose `fn` is at `at`; nothing if it has none.
fn end_of_function(code: &[Token], at: usize) -> Option<usize> {
    let mut i = at;
    while i < code.len() {
        match text(code, i) {
            "{" => return Some(after_group(code, i)),
            ";" => return None,
            "(" | "[" => i = after_group(code, i),
            _ => i += 1,
        }
    }
    None
}

/// `unsafe` code.
pub(crate) fn unsafe_code(source: &str) -> Vec<Offence> {
    let all = tokens(source);
    all.iter().filter(|t| t.text == "unsafe").map(|t| (t.line, "unsafe code".to_string())).collect()
}

/// Casts between numbers by `as`, in code that ships.
pub(crate) fn casts(source: &str) -> Vec<Offence> {
    let code = shipped(&tokens(source)).tokens;
    let casts = code.windows(2).filter(|t| t[0].text == "as" && NUMBERS.contains(&t[1].text.as_str()));
    casts.map(|t| (t[0].line, format!("`as {}`: use From or try_from", t[1].text))).collect()
}

/// Attributes of binrw that a hostile file turns into an abort.
///
/// A `count` on a byte vector reserves before it reads; an `assert` on a whole structure runs after its fields,
/// so that nested structures overflow the stack first.
pub(crate) fn binrw_hazards(source: &str) -> Vec<Offence> {
    let code = shipped(&tokens(source)).tokens;
    let mut found = Vec::new();
    let mut i = 0;
    while i < code.len() {
        if text(&code, i) != "#" {
            i += 1;
            continue;
        }
        let start = i;
        while text(&code, i) == "#" {
            i = after_group(&code, i + 1 + usize::from(text(&code, i + 1) == "!"));
        }
        let has = |what: &dyn Fn(&[Token]) -> bool| binrw_attributes(&code[start..i]).any(what);
        let line = code[start].line;
        if has(&|a| follows(a, "count", "=") || follows(a, "count", ":"))
            && is_field(&code, i)
            && is_byte_vector(&code, i)
        {
            found.push((line, "`count` on a byte vector: read it by the bounded helper of wire".to_string()));
        }
        if has(&|a| follows(a, "assert", "(")) && !is_field(&code, i) {
            found.push((line, "`assert` on a whole structure or variant: put it on a field".to_string()));
        }
        i = i.max(start + 1);
    }
    found
}

fn follows(code: &[Token], first: &str, second: &str) -> bool {
    code.windows(2).any(|t| t[0].text == first && t[1].text == second)
}

/// The `br`, `bw` and `brw` ones among a run of attributes.
fn binrw_attributes(code: &[Token]) -> impl Iterator<Item = &[Token]> {
    let starts = (0..code.len()).filter(|&i| text(code, i) == "#" && text(code, i + 1) == "[");
    let named = starts.filter(|&i| matches!(text(code, i + 2), "br" | "bw" | "brw"));
    named.map(|i| &code[i..after_group(code, i + 1)])
}

/// The index after a `pub` or `pub(…)`.
fn after_visibility(code: &[Token], at: usize) -> usize {
    match (text(code, at), text(code, at + 1)) {
        ("pub", "(") => after_group(code, at + 1),
        ("pub", _) => at + 1,
        _ => at,
    }
}

/// Whether a field with a name, or a field of a tuple, begins here.
fn is_field(code: &[Token], at: usize) -> bool {
    let at = after_visibility(code, at);
    let is_item = matches!(text(code, at), "struct" | "enum");
    !is_item && !matches!(text(code, at + 1), "{" | "(")
}

fn is_byte_vector(code: &[Token], at: usize) -> bool {
    let start = after_visibility(code, at);
    let mut end = start;
    while end < code.len() && !matches!(text(code, end), "," | "}" | ";") {
        end = if matches!(text(code, end), "(" | "[" | "{") { after_group(code, end) } else { end + 1 };
    }
    code[start..end].windows(4).any(|t| {
        let words = [&t[0].text, &t[1].text, &t[2].text, &t[3].text];
        words == ["Vec", "<", "u8", ">"]
    })
}

/// Marks of unfinished work and tests that do not run.
pub(crate) fn marks(source: &str) -> Vec<Offence> {
    let all = tokens(source);
    let mut found = Vec::new();
    for (i, token) in all.iter().enumerate() {
        let name = token.text.as_str();
        if matches!(name, "todo" | "unimplemented" | "dbg")
            && text(&all, i + 1) == "!"
            && matches!(text(&all, i + 2), "(" | "[" | "{")
        {
            found.push((token.line, format!("`{name}!`")));
        }
        if name == "#" && text(&all, i + 1) == "[" {
            let words = &all[i + 2..after_group(&all, i + 1)];
            let is = |t: &Token| t.text == "ignore";
            if words.first().is_some_and(is) || (text(words, 0) == "cfg_attr" && words.iter().any(is)) {
                found.push((token.line, "an ignored test".to_string()));
            }
        }
    }
    found
}

/// Names of the machine on which somebody worked. `within` is the file's path in the repository.
pub(crate) fn machine_names(within: &str, content: &str) -> Vec<Offence> {
    let folders = [concat!("/wo", "rk/"), concat!("/ro", "ot/")];
    let beside = concat!("../sha", "red");
    let mut found = Vec::new();
    for (i, line) in content.lines().enumerate() {
        for folder in
            folders.iter().filter(|f| line.match_indices(**f).any(|(at, _)| is_absolute(&line[..at])))
        {
            found.push((i + 1, format!("names the folder {folder} of one machine")));
        }
        if line.contains(beside) && !within.starts_with(".ci/") {
            found.push((i + 1, format!("names {beside}")));
        }
    }
    found
}

/// Whether a path that begins after this text is absolute, not the middle of a longer one.
fn is_absolute(before: &str) -> bool {
    !before.ends_with(|c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '~' | '}' | '*' | ')'))
}

/// The lines in which a check finds something.
#[cfg(test)]
fn lines(found: Vec<Offence>) -> Vec<usize> {
    found.into_iter().map(|(line, _)| line).collect()
}

#[test]
fn long_files_and_functions_are_seen() {
    let body = "let x = 1;\n".repeat(81);
    let long = format!("struct A;\nfn f<T>(x: [u8; 3]) -> T {{\n{body}}}\n");
    assert_eq!(lines(sizes(&long)), [2]);
    assert_eq!(lines(sizes(&format!("#[cfg(test)]\nmod tests {{\n{long}}}"))), [0; 0]);
    let file = "const X: u8 = 1;\n".repeat(501);
    assert_eq!(lines(sizes(&file)), [1]);
    assert_eq!(lines(sizes(&format!("#[cfg(test)]\nmod tests {{\n{file}}}"))), [0; 0]);
}

#[test]
fn casts_and_unsafe_are_seen() {
    assert_eq!(lines(casts("use a as b;\nfn f() { x as u64; }\n#[cfg(test)]\nfn g() { x as u8; }")), [2]);
    assert_eq!(lines(unsafe_code("// unsafe\n#[allow(unsafe_code)]\nfn f() { unsafe { g() } }")), [3]);
}

#[test]
fn hazards_of_binrw_are_seen() {
    assert_eq!(lines(binrw_hazards("struct A {\n#[br(count = n)]\npub a: Vec<u8>,\n}")), [2]);
    assert_eq!(lines(binrw_hazards("struct A {\n#[br(args { count: n.into() })] a: Option<Vec<u8>> }")), [2]);
    assert_eq!(lines(binrw_hazards("#[derive(A)]\n#[br(assert(x == 1))]\npub struct A { x: u8 }")), [1]);
    assert_eq!(lines(binrw_hazards("enum A {\n#[br(magic = 1u8, assert(x == 1))] B { x: u8 } }")), [2]);
    let good = "#[br(import(count: u8), pre_assert(depth < 9))] struct A {\n#[br(temp, assert(matches!(v, 1 | 2)))] v: u8,
        #[br(args { count: 3, inner: (w,) })] pub(crate) a: Vec<Length>, b: Vec<u8> }";
    assert_eq!(lines(binrw_hazards(good)), [0; 0]);
}

#[test]
fn unfinished_work_is_seen() {
    assert_eq!(lines(marks("fn f() { todo!() }\n#[ignore = \"slow\"]\nfn g() { dbg!(1); }")), [1, 2, 3]);
    assert_eq!(lines(marks("#[cfg_attr(miri, ignore)]\nfn g() {}\n#[br(ignore)]\nstruct A;")), [1]);
    assert_eq!(lines(marks("// todo!()\nfn todo() -> &'static str { \"dbg!(1)\" }")), [0; 0]);
}

#[test]
fn names_of_the_machine_are_seen() {
    let text = format!(
        "see {}x\nweb{}x\nand {}/y",
        concat!("/wo", "rk/"),
        concat!("/wo", "rk/"),
        concat!("../sha", "red")
    );
    assert_eq!(lines(machine_names("README.md", &text)), [1, 3]);
    assert_eq!(lines(machine_names(".ci/run", &text)), [1]);
}
