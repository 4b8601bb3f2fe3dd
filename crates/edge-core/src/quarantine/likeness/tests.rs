use proptest::prelude::*;

use super::of;

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

/// What 3scale pushes, and what libxml2 2.14 makes of it when it parses as far as it can and prints it with indents, as
/// Nokogiri does for the list.
const REPRINTS: &[(&str, &str)] = &[
    (
        "<event><type>user</type></event>",
        "<event>\n  <type>user</type>\n</event>\n",
    ),
    (
        "<event><action>created</type></event>",
        "<event>\n  <action>created</action>\n</event>\n",
    ),
    (
        "<event><action>created</action><type>user</typo><object/></event>",
        "<event>\n  <action>created</action>\n  <type>user</type>\n  <object/>\n</event>\n",
    ),
    (
        "<event><action>created</action",
        "<event>\n  <action>created</action>\n</event>\n",
    ),
    (
        "<event><action>created",
        "<event>\n  <action>created</action>\n</event>\n",
    ),
    (
        "<event>a & b <x>c &foo; d</x></event>",
        "<event>a  b <x>c &foo; d</x></event>\n",
    ),
    (
        "<event><x>1 < 2</x></event>",
        "<event>\n  <x>1  2</x>\n</event>\n",
    ),
    (
        "<event><x a='1' a=\"&quot;\">v</x></event>",
        "<event>\n  <x a=\"1\" a=\"&quot;\">v</x>\n</event>\n",
    ),
    (
        "<event><x>\u{1}v</x></event>",
        "<event>\n  <x>v</x>\n</event>\n",
    ),
    (
        "<event><x>l1\r\nl2</x> <y/> </event>",
        "<event><x>l1\nl2</x> <y/> </event>\n",
    ),
    (
        "<event><x>&quot;q&quot; &#233; &#xe9; &gt;</x></event>",
        "<event>\n  <x>\"q\" \u{e9} \u{e9} &gt;</x>\n</event>\n",
    ),
    (
        "<event><x:y>v</x:y></event>",
        "<event>\n  <x:y>v</x:y>\n</event>\n",
    ),
    (
        "<event>\n<a>1</a>\n text \n<b></b></event>",
        "<event>\n<a>1</a>\n text \n<b/></event>\n",
    ),
    (
        "<event><!-- c --><?p i?><a><![CDATA[x<y]]></a></event>",
        "<event>\n  <!-- c -->\n  <?p i?>\n  <a>x&lt;y</a>\n</event>\n",
    ),
    (
        "<!DOCTYPE event [<!ENTITY x \"y\">]><event>&x;</event>",
        "<event>&x;</event>\n",
    ),
    (
        "<!DOCTYPE event><event><a/></event>",
        "<event>\n  <a/>\n</event>",
    ),
    (
        "<html><body>Sign in</body></html>",
        "<html>\n  <body>Sign in</body>\n</html>\n",
    ),
    (
        "<event><a><b>1</a><c>2</c></event>",
        "<event>\n  <a>\n    <b>1</b>\n    <c>2</c>\n  </a>\n</event>\n",
    ),
];

#[test]
fn a_body_is_like_its_reprint() {
    for (pushed, reprinted) in REPRINTS {
        let (with_head, like) = (format!("{HEAD}\n{pushed}"), of(reprinted.as_bytes()));
        assert_eq!(of(with_head.as_bytes()), like, "{pushed}");
        let bom = format!("\u{feff}{with_head}");
        assert_eq!(
            of(bom.as_bytes()),
            like,
            "{pushed}, after a byte order mark"
        );
        let encoded: String = url::form_urlencoded::byte_serialize(with_head.as_bytes()).collect();
        let form = format!("params[xml]={encoded}");
        assert_eq!(of(form.as_bytes()), like, "{pushed}, in a form");
    }
}

#[test]
fn bodies_of_different_content_are_not_alike() {
    let all = [
        "",
        "x",
        "<event/>",
        "<event><a/></event>",
        "<event><b/></event>",
        "<event><a/><a/></event>",
        "<event><a><a/></a></event>",
        "<event><a>1</a></event>",
        "<event><a>2</a></event>",
        "<event><a>1</a><b/></event>",
        "<event><a>1<b/></a></event>",
        "<event><a x=\"1\"/></event>",
        "<event><a x=\"2\"/></event>",
        "<event><a y=\"1\"/></event>",
        "<event><a x=\"1\" y=\"2\"/></event>",
        "<event><a x/></event>",
        "<event>a</event>",
        "<event>&lt;a/&gt;</event>",
        "<event/><event/>",
        "<event><a>1 2</a></event>",
        "<event><a>12</a></event>",
        "xml=%3Cevent%3E1",
        "a=b",
        "a=b%zz",
    ];
    for (at, one) in all.iter().enumerate() {
        for other in all.iter().skip(at + 1) {
            assert_ne!(
                of(one.as_bytes()),
                of(other.as_bytes()),
                "{one} and {other}"
            );
        }
    }
}

fn tree() -> impl Strategy<Value = (String, String)> {
    let text = "[a-z&<>\"'\u{e9} ]{0,6}x";
    let leaf = ("[a-c]", proptest::option::of(text)).prop_map(|(name, text)| match text {
        None => (format!("<{name}></{name}>"), format!("<{name} />")),
        Some(text) => {
            let escaped = text
                .replace('&', "&amp;")
                .replace('<', "&lt;")
                .replace('>', "&gt;");
            let reprinted = escaped.replace('"', "&#34;").replace('\u{e9}', "&#xE9;");
            (
                format!("<{name}>{escaped}</{name}>"),
                format!("<{name}>{reprinted}</{name}>"),
            )
        }
    });
    leaf.prop_recursive(4, 30, 5, |inner| {
        ("[a-c]", proptest::collection::vec(inner, 1..5)).prop_map(|(name, inside)| {
            let (mut plain, mut indented) =
                (format!("<{name} k=\"v\">"), format!("<{name}\n k='v' >\n"));
            for (one, reprinted) in inside {
                plain += &one;
                indented.extend(["  ", &reprinted, "\r\n"]);
            }
            (
                format!("{plain}</{name}>"),
                format!("{indented}</{name}>\n"),
            )
        })
    })
}

proptest! {
    #[test]
    fn any_document_cut_off_anywhere_between_its_tags_is_like_its_reprint((pushed, reprinted) in tree(), cut in 0_usize..40) {
        let head = |text: &str, pieces: usize| -> String {
            text.split_inclusive('>').take(pieces).collect()
        };
        prop_assert_eq!(of(pushed.as_bytes()), of(reprinted.as_bytes()), "{}", pushed);
        // With the ends that were cut off, and an empty element in two pieces or one.
        let expanded = reprinted.replace(" />", "></>");
        prop_assert_eq!(
            of(head(&pushed, cut).as_bytes()), of(head(&expanded, cut).as_bytes()), "{}", head(&pushed, cut));
    }

    #[test]
    fn no_bytes_make_it_fail(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = of(&bytes);
    }
}

/// With a step that looks at all of the rest, a megabyte would take minutes: this test would not end.
#[test]
fn a_megabyte_of_anything_is_read_in_one_pass() {
    for piece in [
        "&",
        "=",
        "&a",
        "&#",
        "<",
        "</",
        "<a",
        "<a ",
        "<a=",
        "<!---->",
        "<!DOCTYPE>",
        "<!DOCTYPE[",
        "<?a?>",
        "<![CDATA[]]>",
        "<a b='",
        "]]>",
        "<a></a>",
    ] {
        let body = piece.repeat(1_000_000 / piece.len());
        assert_eq!(of(body.as_bytes()), of(body.as_bytes()), "{piece}");
    }
}
