//! Encodings, forbidden characters, and the XML declaration.

use super::{ACCEPTED, CHARACTER, ENCODING, MALFORMED, around, check, code};

#[test]
fn a_character_that_xml_forbids_is_refused() {
    check(&[
        (&around("\0"), CHARACTER),
        (&around("\u{1}"), CHARACTER),
        (&around("\u{8}"), CHARACTER),
        (&around("\u{B}"), CHARACTER),
        (&around("\u{1F}"), CHARACTER),
        (&around("\u{FFFE}"), CHARACTER),
        (&around("\u{FFFF}"), CHARACTER),
        (&around("&#0;"), CHARACTER),
        (&around("&#x1;"), CHARACTER),
        (&around("&#x1f;"), CHARACTER),
        (&around("&#xD800;"), CHARACTER),
        (&around("&#xDFFF;"), CHARACTER),
        (&around("&#xFFFE;"), CHARACTER),
        (&around("&#x110000;"), CHARACTER),
        (&around("&#99999999999999999999;"), CHARACTER),
        (&around("&#;"), MALFORMED),
        (&around("&#x;"), MALFORMED),
        (&around("&#X41;"), MALFORMED),
        (&around("&#-1;"), MALFORMED),
        (&around("&#+65;"), MALFORMED),
        (&around("&#x 41;"), MALFORMED),
        (&around("&#6a;"), MALFORMED),
        (&around("\u{7F}\u{85}\u{9F}\u{FFFD}\u{10FFFF}"), ACCEPTED),
        (
            &around("&#9;&#10;&#13;&#x20;&#x10FFFF;&#xFFFD;&#0065;"),
            ACCEPTED,
        ),
        ("<event a=\"\u{1}\"/>", CHARACTER),
        ("<!--\u{1}--><event/>", CHARACTER),
        ("<?x \u{1}?><event/>", CHARACTER),
    ]);
}

#[test]
fn any_encoding_but_utf_8_is_refused() {
    let body = around("Zoë");
    let utf16 = |units: Vec<[u8; 2]>| units.concat();
    let little = utf16(body.encode_utf16().map(u16::to_le_bytes).collect());
    let big = utf16(body.encode_utf16().map(u16::to_be_bytes).collect());
    assert_eq!(code(&little), ENCODING);
    assert_eq!(code(&big), ENCODING);
    assert_eq!(code([&[0xFF, 0xFE], &little[..]].concat()), ENCODING);
    assert_eq!(code([&[0xFE, 0xFF], &big[..]].concat()), ENCODING);
    assert_eq!(
        code(
            body.chars()
                .flat_map(|c| u32::from(c).to_le_bytes())
                .collect::<Vec<_>>()
        ),
        ENCODING
    );
    assert_eq!(code([0x4C, 0x6F, 0xA7, 0x94]), ENCODING);
    assert_eq!(code([0x1F, 0x8B, 8, 0, 0, 0, 0, 0]), ENCODING);

    let with = |bytes: &[u8]| {
        let at = body.find('ë').unwrap();
        [&body.as_bytes()[..at], bytes, &body.as_bytes()[at + 2..]].concat()
    };
    // Latin 1, a lone continuation, overlong, a surrogate, beyond Unicode, cut short.
    for broken in [
        &[0xEB][..],
        &[0xBF],
        &[0xC0, 0xAF],
        &[0xE0, 0x80, 0xAF],
        &[0xED, 0xA0, 0x80],
        &[0xF4, 0x90, 0x80, 0x80],
        &[0xE2, 0x82],
        &[0xFE],
        &[0xFF],
    ] {
        assert_eq!(code(with(broken)), ENCODING, "{broken:x?}");
    }
    assert_eq!(code(with("ë".as_bytes())), ACCEPTED);

    let declared = |encoding: &str| body.replace("UTF-8", encoding);
    check(&[
        (&format!("\u{FEFF}{body}"), ACCEPTED),
        (&format!("\u{FEFF}\u{FEFF}{body}"), MALFORMED),
        (&around("a\u{FEFF}b"), ACCEPTED),
        (&declared("utf-8"), ACCEPTED),
        (&declared("US-ASCII"), ENCODING),
        (&around("plain").replace("UTF-8", "us-ascii"), ACCEPTED),
        (&declared("ISO-8859-1"), ENCODING),
        (&around("plain").replace("UTF-8", "ISO-8859-1"), ENCODING),
        (&declared("UTF-16"), ENCODING),
        (&declared("UTF-7"), ENCODING),
        (&declared("windows-1252"), ENCODING),
        (&declared("klingon"), ENCODING),
        (&declared(""), MALFORMED),
        (&declared("8-bit"), MALFORMED),
        (&declared("ü"), MALFORMED),
    ]);
}

#[test]
fn a_broken_or_misplaced_declaration_is_refused() {
    let body = "<event><action>a</action><type>t</type><object/></event>";
    let with = |declaration: &str| format!("{declaration}{body}");
    check(&[
        (body, ACCEPTED),
        (&with("<?xml version=\"1.0\"?>"), ACCEPTED),
        (
            &with("<?xml version='1.0' encoding='UTF-8' standalone='yes' ?>\n"),
            ACCEPTED,
        ),
        (
            &with("<?xml version = \"1.0\"\n\tstandalone = \"no\"?>"),
            ACCEPTED,
        ),
        (&with("<?xml version=\"1.1\"?>"), ACCEPTED),
        (&with("<?xml version=\"2.0\"?>"), MALFORMED),
        (&with("<?xml version=\"1.\"?>"), MALFORMED),
        (&with("<?xml?>"), MALFORMED),
        (&with("<?xml ?>"), MALFORMED),
        (&with("<?xml encoding=\"UTF-8\"?>"), MALFORMED),
        (
            &with("<?xml encoding=\"UTF-8\" version=\"1.0\"?>"),
            MALFORMED,
        ),
        (
            &with("<?xml version=\"1.0\" standalone=\"yes\" encoding=\"UTF-8\"?>"),
            MALFORMED,
        ),
        (
            &with("<?xml version=\"1.0\" standalone=\"maybe\"?>"),
            MALFORMED,
        ),
        (
            &with("<?xml version=\"1.0\" encoding=\"UTF-8\" x=\"y\"?>"),
            MALFORMED,
        ),
        (
            &with("<?xml version=\"1.0\"encoding=\"UTF-8\"?>"),
            MALFORMED,
        ),
        (&with("<?xml version=1.0?>"), MALFORMED),
        (&with("<?xml version=\"1.0'?>"), MALFORMED),
        (&with("<?XML version=\"1.0\"?>"), MALFORMED),
        (&with("<?Xml?>"), MALFORMED),
        (&with(" <?xml version=\"1.0\"?>"), MALFORMED),
        (&with("<!-- --><?xml version=\"1.0\"?>"), MALFORMED),
        (
            &with("<?xml version=\"1.0\"?><?xml version=\"1.0\"?>"),
            MALFORMED,
        ),
        (&format!("{body}<?xml version=\"1.0\"?>"), MALFORMED),
        (
            &with("<?xml-stylesheet href=\"http://evil.example/x.xsl\"?>"),
            ACCEPTED,
        ),
        (&with("<?php echo '?>"), ACCEPTED),
        (&with("<??>"), MALFORMED),
        (&with("<? x?>"), MALFORMED),
        (&with("<?1?>"), MALFORMED),
        (&with("<?x"), MALFORMED),
    ]);
}
