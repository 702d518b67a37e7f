//! Rust source as tokens, without comments: just enough to read paths, braces and attributes.

/// One token and its line (from 1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    /// The identifier or the punctuation mark; `"` for any literal text, `0` for any number.
    pub(crate) text: String,
    pub(crate) line: usize,
}

impl Token {
    pub(crate) fn is_word(&self) -> bool {
        self.text.starts_with(|c: char| c == '_' || c.is_alphabetic())
    }
}

/// A cursor over the characters of a source.
struct Reader<'a> {
    left: std::str::Chars<'a>,
    line: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> char {
        self.left.clone().nth(ahead).unwrap_or('\0')
    }
    fn next(&mut self) -> Option<char> {
        let c = self.left.next()?;
        self.line += usize::from(c == '\n');
        Some(c)
    }
    fn skip(&mut self, characters: usize) {
        (0..characters).for_each(|_| {
            self.next();
        });
    }
    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        while self.peek(0) == '_' || self.peek(0).is_alphanumeric() {
            word.extend(self.next());
        }
        word
    }
    fn skip_line(&mut self) {
        while self.next().is_some_and(|c| c != '\n') {}
    }
    fn skip_block_comment(&mut self) {
        let mut depth = 1;
        self.next();
        while let (true, Some(c)) = (depth > 0, self.next()) {
            match (c, self.peek(0)) {
                ('*', '/') => depth -= 1,
                ('/', '*') => depth += 1,
                _ => continue,
            }
            self.next();
        }
    }
    /// After the opening quote.
    fn skip_quoted(&mut self, quote: char) {
        while let Some(c) = self.next() {
            match c {
                '\\' => self.skip(1),
                c if c == quote => return,
                _ => {}
            }
        }
    }
    /// After the `r`; true if a raw text was there.
    fn skip_raw(&mut self) -> bool {
        let hashes = (0..).take_while(|&i| self.peek(i) == '#').count();
        if self.peek(hashes) != '"' {
            return false;
        }
        let end: String = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
        self.skip(hashes + 1);
        while !self.left.as_str().is_empty() && !self.left.as_str().starts_with(&end) {
            self.next();
        }
        self.skip(hashes + 1);
        true
    }
    /// After a `'`: a character, or the tick of a lifetime.
    fn skip_tick(&mut self) {
        if self.peek(0) == '\\' || self.peek(1) == '\'' {
            self.skip_quoted('\'');
        }
    }
}

/// The tokens of a source text.
pub(crate) fn tokens(source: &str) -> Vec<Token> {
    let mut reader = Reader { left: source.chars(), line: 1 };
    let mut found = Vec::new();
    loop {
        let line = reader.line;
        let Some(c) = reader.next() else { return found };
        let text = match (c, reader.peek(0)) {
            ('/', '/') => {
                reader.skip_line();
                continue;
            }
            ('/', '*') => {
                reader.skip_block_comment();
                continue;
            }
            (c, _) if c.is_whitespace() => continue,
            ('"', _) => {
                reader.skip_quoted('"');
                "\"".to_string()
            }
            ('\'', _) => {
                reader.skip_tick();
                "'".to_string()
            }
            (c, _) if c.is_ascii_digit() => {
                reader.word(c);
                "0".to_string()
            }
            (c, _) if c == '_' || c.is_alphabetic() => {
                let word = reader.word(c);
                match (word.as_str(), reader.peek(0)) {
                    ("r" | "br" | "cr", '"' | '#') if reader.skip_raw() => "\"".to_string(),
                    ("b" | "c", '"') | ("b", '\'') => continue,
                    _ => word,
                }
            }
            (c, _) => c.to_string(),
        };
        found.push(Token { text, line });
    }
}

/// The index after the bracket that closes the one at `open`.
pub(crate) fn after_group(tokens: &[Token], open: usize) -> usize {
    let mut depth = 0usize;
    for (i, token) in tokens.iter().enumerate().skip(open) {
        match token.text.as_str() {
            "(" | "[" | "{" => depth += 1,
            ")" | "]" | "}" => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return i + 1;
        }
    }
    tokens.len()
}

/// The text of the token at `at`, or nothing.
pub(crate) fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |t| t.text.as_str())
}

/// What is left of a source without its tests.
pub(crate) struct Shipped {
    pub(crate) tokens: Vec<Token>,
    /// Lines of the items that were taken out.
    pub(crate) test_lines: usize,
    /// Names of the modules that are declared for tests only and lie in files of their own.
    pub(crate) test_modules: Vec<String>,
}

/// Takes the items with `#[cfg(test)]` (or `#[test]`) out.
pub(crate) fn shipped(all: &[Token]) -> Shipped {
    let mut left = Shipped { tokens: Vec::new(), test_lines: 0, test_modules: Vec::new() };
    let mut i = 0;
    while i < all.len() {
        if !is_test_attribute(all, i) {
            left.tokens.push(all[i].clone());
            i += 1;
            continue;
        }
        let end = after_item(all, i);
        left.test_lines += all[end - 1].line - all[i].line + 1;
        if let [.., module, name, semicolon] = &all[i..end]
            && (module.text.as_str(), semicolon.text.as_str()) == ("mod", ";")
        {
            left.test_modules.push(name.text.clone());
        }
        i = end;
    }
    left
}

fn is_test_attribute(all: &[Token], at: usize) -> bool {
    if text(all, at) != "#" || text(all, at + 1) != "[" {
        return false;
    }
    let words = &all[at + 2..after_group(all, at + 1)];
    let has = |word: &str| words.iter().any(|t| t.text == word);
    match text(words, 0) {
        "test" => true,
        "cfg" => has("test") && !has("not") && !has("any"),
        _ => false,
    }
}

/// The index after the item whose first attribute is at `at`.
fn after_item(all: &[Token], at: usize) -> usize {
    let mut i = at;
    while text(all, i) == "#" {
        i = after_group(all, i + 1);
    }
    let items =
        ["fn", "mod", "use", "impl", "struct", "enum", "trait", "type", "const", "static", "macro_rules"];
    let is_item = all[i..].iter().take(6).any(|t| items.contains(&t.text.as_str()));
    while i < all.len() {
        match text(all, i) {
            // a field or a variant
            "," if !is_item => return i + 1,
            "}" => return i,
            "{" => return after_group(all, i),
            ";" => return i + 1,
            "use" => {
                while i < all.len() && text(all, i) != ";" {
                    i += 1;
                }
            }
            "(" | "[" => i = after_group(all, i),
            _ => i += 1,
        }
    }
    all.len()
}
