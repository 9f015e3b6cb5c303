//! Texts in double quotes, with the escapes of YAML.

use super::Writer;

impl Writer<'_> {
    /// A text in double quotes; its further lines are indented so far.
    pub(super) fn double_quoted(&mut self, text: &str, indent: usize) {
        let is_foldable = self.dice.one_in(8);
        let is_ascii = self.dice.one_in(4);
        self.out.push('"');
        let mut before = ' ';
        let mut characters = text.chars().peekable();
        while let Some(character) = characters.next() {
            let is_between_words =
                before.is_alphanumeric() && characters.peek().is_some_and(|next| next.is_alphanumeric());
            match character {
                ' ' if is_foldable && is_between_words => {
                    self.out.push_str(self.dice.pick(&["\n", "\n", " \\\n"]));
                    self.spaces(indent);
                }
                '"' => self.out.push_str("\\\""),
                '\\' => self.out.push_str("\\\\"),
                '\n' => self.out.push_str("\\n"),
                '\t' => self.out.push_str("\\t"),
                _ if character.is_ascii() && !character.is_control() => self.out.push(character),
                _ if is_ascii || !character.is_alphanumeric() => self.escape(character),
                _ => self.out.push(character),
            }
            before = character;
        }
        self.out.push('"');
    }

    fn escape(&mut self, character: char) {
        let code = u32::from(character);
        self.out.push_str(&match code {
            0..=0xFF if self.dice.one_in(2) => format!("\\x{code:02x}"),
            0..=0xFFFF => format!("\\u{code:04X}"),
            _ => format!("\\U{code:08X}"),
        });
    }
}
