//! The characters of XML 1.0 (fifth edition): `Char`, `S`, `Name`.

/// `S`: the white space of XML, which has fewer characters than Unicode's.
pub(crate) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}

/// Returns true if `text` has nothing but `S` in it.
pub(crate) fn is_blank(text: &str) -> bool {
    text.bytes().all(is_space)
}

/// `text` without the `S` around it.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        // The usual case: nothing to trim.
        [first, .., last] if !is_space(*first) && !is_space(*last) => text,
        _ => text.trim_matches([' ', '\t', '\n', '\r']),
    }
}

/// `Char`: a character that may be in a document, literally or as a reference.
pub(super) const fn is_char(c: char) -> bool {
    !matches!(c, '\0'..='\x08' | '\x0B' | '\x0C' | '\x0E'..='\x1F' | '\u{FFFE}' | '\u{FFFF}')
}

/// The offset of the first character that is not a `Char`.
///
/// This looks at every byte of every document, so the usual result, none, is found block by
/// block, in code that the compiler vectorizes.
pub(super) fn first_forbidden(text: &str) -> Option<usize> {
    let (blocks, rest) = text.as_bytes().as_chunks::<64>();
    if blocks.iter().any(|block| is_suspicious(block)) || is_suspicious(rest) {
        text.char_indices()
            .find(|&(_, c)| !is_char(c))
            .map(|(at, _)| at)
    } else {
        None
    }
}

/// Returns true if there is a control character, or the byte that begins U+FFFE and U+FFFF.
#[inline]
#[expect(
    clippy::needless_bitwise_bool,
    reason = "a lazy `||` is a branch for each byte"
)]
fn is_suspicious(block: &[u8]) -> bool {
    block.iter().fold(false, |found, &byte| {
        found | ((byte < b' ') & !is_space(byte)) | (byte == 0xEF)
    })
}

/// `Name`, colons included: 3scale uses no namespaces.
pub(crate) fn is_name(name: &str) -> bool {
    match name.as_bytes() {
        [first, rest @ ..]
            if is_ascii_name_start(*first) && rest.iter().all(|&b| is_ascii_name(b)) =>
        {
            true
        }
        _ => is_unicode_name(name),
    }
}

const fn is_ascii_name_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || matches!(byte, b'_' | b':')
}

const fn is_ascii_name(byte: u8) -> bool {
    is_ascii_name_start(byte) || byte.is_ascii_digit() || matches!(byte, b'-' | b'.')
}

#[cold]
fn is_unicode_name(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(is_name_start) && chars.all(|c| is_name_start(c) || is_name_rest(c))
}

const fn is_name_start(c: char) -> bool {
    matches!(c,
        ':' | 'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}'
        | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}'
        | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

const fn is_name_rest(c: char) -> bool {
    matches!(c,
        '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
