//! Finds the marks between nodes that the parser reports no place for: dashes of a list, colons, `|` and `>`.

/// A place in the text that no later node begins before.
pub(super) struct Cursor<'t> {
    text: &'t [u8],
    at: u32,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Self { text: text.as_bytes(), at }
    }

    pub(super) fn move_to(&mut self, at: u32) {
        self.at = self.at.max(at);
    }

    /// The first wanted mark from here on, over space, comments, anchors, tags and other marks; none if a node is in
    /// the way.
    pub(super) fn find(&self, wanted: impl Fn(u8) -> bool) -> Option<u32> {
        let mut at = self.at;
        loop {
            at = match self.byte(at)? {
                byte if wanted(byte) => return Some(at),
                b' ' | b'\t' | b'\n' | b'\r' | b'-' | b':' | b'?' | b',' => at + 1,
                b'#' => self.skip(at, |byte| byte == b'\n'),
                b'&' | b'!' => self.skip(at, |byte| byte.is_ascii_whitespace()),
                _ => return None,
            };
        }
    }

    /// Where a value would stand that is not written: behind the next colon, or here if something else comes first.
    pub(super) fn behind_colon(&self) -> u32 {
        let blanks = self.skip(self.at, |byte| byte != b' ' && byte != b'\t');
        if self.byte(blanks) == Some(b':') { blanks + 1 } else { self.at }
    }

    fn byte(&self, at: u32) -> Option<u8> {
        self.text.get(at as usize).copied()
    }

    fn skip(&self, from: u32, until: impl Fn(u8) -> bool) -> u32 {
        let rest = self.text.get(from as usize..).unwrap_or_default();
        let skipped = rest.iter().position(|byte| until(*byte)).unwrap_or(rest.len());
        #[allow(clippy::cast_possible_truncation)] // a text of at most u32::MAX bytes
        let skipped = skipped as u32;
        from + skipped
    }
}
