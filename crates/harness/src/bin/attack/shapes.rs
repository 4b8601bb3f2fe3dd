//! Hostile bodies, one of each kind: the table beside what is random.

use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;
use harness::fixtures::answer::encode;
use stand_in::kinds::Kind;
use stand_in::notifications::Notification;

/// A body with the headers that describe it, truly or not.
#[derive(Clone)]
pub(crate) struct Shot {
    pub(crate) name: String,
    pub(crate) content_type: String,
    pub(crate) content_encoding: String,
    pub(crate) body: Vec<u8>,
}

impl Shot {
    pub(crate) fn xml(name: impl Into<String>, body: impl Into<Vec<u8>>) -> Self {
        Self::of(name, "application/xml", body)
    }

    pub(crate) fn of(
        name: impl Into<String>,
        content_type: &str,
        body: impl Into<Vec<u8>>,
    ) -> Self {
        Self {
            name: name.into(),
            content_type: content_type.to_owned(),
            content_encoding: String::new(),
            body: body.into(),
        }
    }

    pub(crate) fn encoded(mut self, encoding: &str) -> Self {
        encoding.clone_into(&mut self.content_encoding);
        self
    }
}

/// The sixteen kinds, as 3scale sends them.
pub(crate) fn samples() -> impl Iterator<Item = String> {
    Kind::ALL
        .into_iter()
        .map(|kind| Notification::of(kind).xml())
}

/// Everything that has a name.
pub(crate) fn all() -> Vec<Shot> {
    let mut all: Vec<_> = samples()
        .enumerate()
        .map(|(number, xml)| Shot::xml(format!("sample {number}"), xml))
        .collect();
    all.extend(bombs());
    all.extend(encodings());
    all.extend(words());
    all.extend(media_types());
    all.extend(forms());
    all
}

fn event(kind: &str, action: &str, object: &str) -> String {
    format!("<event><action>{action}</action><type>{kind}</type><object>{object}</object></event>")
}

fn user(inside: &str) -> String {
    event("user", "created", &format!("<user>{inside}</user>"))
}

/// Small documents that would become large, or deep.
#[rustfmt::skip] // A table.
fn bombs() -> Vec<Shot> {
    let doctype = |inside: &str| {
        let event = user("<id>1</id><email>&x;</email>");
        format!("<?xml version=\"1.0\"?><!DOCTYPE event {inside}>{event}")
    };
    let laughs: Vec<_> = (1..10)
        .map(|n| {
            let before = format!("&x{};", n - 1).repeat(10);
            format!("<!ENTITY x{n} \"{before}\">")
        })
        .collect();
    let laughs = laughs.concat();
    let open = |name: &str, times: usize| format!("<{name}>").repeat(times);
    let many_attributes: Vec<_> = (0..5000).map(|n| format!(" a{n}=\"\"")).collect();
    let many_attributes = many_attributes.concat();
    vec![
        Shot::xml("billion laughs", doctype(&format!("[<!ENTITY x0 \"lol\">{laughs}]"))),
        Shot::xml("quadratic blow-up", doctype(&format!("[<!ENTITY x \"{}\">]", "a".repeat(90_000)))),
        Shot::xml("entity that names itself", doctype("[<!ENTITY x \"&x;\">]")),
        Shot::xml("file entity", doctype("[<!ENTITY x SYSTEM \"file:///etc/passwd\">]")),
        Shot::xml("network entity", doctype("[<!ENTITY x SYSTEM \"http://127.0.0.1:9/\">]")),
        Shot::xml("parameter entity", doctype("[<!ENTITY % x SYSTEM \"http://127.0.0.1:9/\"> %x;]")),
        Shot::xml("external subset", doctype("PUBLIC \"-//x\" \"http://127.0.0.1:9/x.dtd\"")),
        Shot::xml("doctype that never ends", "<!DOCTYPE event [".to_owned() + &" ".repeat(100_000)),
        Shot::xml("unknown entity", user("<email>&nbsp;</email>")),
        Shot::xml("nested, closed", open("a", 60_000) + &"</a>".repeat(60_000)),
        Shot::xml("nested in an object", user(&(open("a", 5000) + &"</a>".repeat(5000)))),
        Shot::xml("nested 31 deep", user(&(open("a", 28) + &"</a>".repeat(28)))),
        Shot::xml("never closed", open("event", 100_000)),
        Shot::xml("only closings", "</event>".repeat(100_000)),
        Shot::xml("many elements", user(&"<a/>".repeat(200_000))),
        Shot::xml("many small elements", user(&"<a>1</a>".repeat(60_000))),
        Shot::xml("many repeats of the id", user(&"<id>1</id>".repeat(50_000))),
        Shot::xml("many attributes", user(&format!("<id{many_attributes}>1</id>"))),
        Shot::xml("one attribute twice", user("<id a=\"1\" a=\"2\">1</id>")),
        Shot::xml("a huge attribute", user(&format!("<id a=\"{}\">1</id>", "x".repeat(700_000)))),
        Shot::xml("a huge attribute, open", format!("<event a=\"{}", "x".repeat(700_000))),
        Shot::xml("a huge name", format!("<{}>", "x".repeat(900_000))),
        Shot::xml("a huge text", user(&format!("<id>1</id><email>{}</email>", "x".repeat(800_000)))),
        Shot::xml("a huge comment", format!("<!--{}-->{}", "x".repeat(800_000), user("<id>1</id>"))),
        Shot::xml("comments", format!("{}{}", "<!---->".repeat(100_000), user("<id>1</id>"))),
        Shot::xml("instructions", format!("{}{}", "<?a?>".repeat(100_000), user("<id>1</id>"))),
        Shot::xml("CDATA", user(&format!("<id>{}</id>", "<![CDATA[]]>".repeat(60_000)))),
        Shot::xml("references", user(&format!("<email>{}</email>", "&#120;".repeat(120_000)))),
        Shot::xml("only white space", " ".repeat(1_000_000)),
        Shot::xml("a byte too long", vec![b' '; (1 << 20) + 1]),
        Shot::xml("three megabytes", vec![b'<'; 3 << 20]),
        Shot::xml("nothing", ""),
    ]
}

/// Bytes that are no UTF-8, or characters that XML has not.
#[rustfmt::skip] // A table.
fn encodings() -> Vec<Shot> {
    let text = user("<id>1</id><email>é</email>");
    let utf16 = |bom: [u8; 2], bytes: fn(u16) -> [u8; 2]| {
        let mut all = bom.to_vec();
        all.extend(text.encode_utf16().flat_map(bytes));
        all
    };
    let with = |bytes: &[u8]| {
        let (before, after) = ("<event><type>user</type><action>", "</action></event>");
        [before.as_bytes(), bytes, after.as_bytes()].concat()
    };
    let declared = |encoding: &str| {
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>{text}")
    };
    let mut all = vec![
        Shot::xml("UTF-16, little", utf16([0xff, 0xfe], u16::to_le_bytes)),
        Shot::xml("UTF-16, big", utf16([0xfe, 0xff], u16::to_be_bytes)),
        Shot::xml("a byte order mark", format!("\u{feff}{text}")),
        Shot::xml("two byte order marks", format!("\u{feff}\u{feff}{text}")),
        Shot::xml("a mark in the middle", user("<id>\u{feff}1</id>")),
        Shot::xml("version 1.1", format!("<?xml version=\"1.1\"?>{text}")),
        Shot::xml("version 9", format!("<?xml version=\"9.0\"?>{text}")),
        Shot::xml("two declarations", declared("UTF-8").repeat(2)),
        Shot::xml("a late declaration", format!(" {}", declared("UTF-8"))),
    ];
    for encoding in ["UTF-16", "ISO-8859-1", "UTF-7", "EBCDIC-CP-US", "utf8", "\u{0}", "a\" b=\"c"] {
        all.push(Shot::xml(format!("declared {encoding:?}"), declared(encoding)));
    }
    for bytes in [
        &b"\0"[..], b"\x01", b"\x0b", b"\x1f", b"\x7f", b"\xff", b"\x80", b"\xc0\x80", b"\xe0\x80\x80",
        b"\xed\xa0\x80", b"\xed\xb0\x80", b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"\xef\xbf\xbe",
        b"\xef\xbf\xbf", b"\xc3", b"\xe2\x80", b"\xe2\x80\xae", b"\xf0\x9f\x98\x80", b"\xc2\x85", b"\r", b"\r\n",
    ] {
        all.push(Shot::xml(format!("bytes {bytes:02x?}"), with(bytes)));
    }
    for reference in [
        "&#0;", "&#1;", "&#x0;", "&#xD800;", "&#xDFFF;", "&#xFFFE;", "&#x110000;", "&#99999999999;", "&#-1;", "&#;",
        "&#x;", "&;", "&", "&amp", "&amp;#60;", "&#x3C;", "&lt;!DOCTYPE", "&#xA;", "&#13;", "&#x1F600;", "]]>", "--",
        "<![CDATA[", "<![CDATA[<x>]]>", "<!--", "<?", "<?xml?>", "<", "</", "<>", "< a>", "<a b>", "<a b=c>", "<1/>",
        "<a:b/>", "<:/>", "<xmlns:a/>", "<a xmlns='u'/>", "<é/>", "<__proto__>1</__proto__>", "<constructor/>",
    ] {
        all.push(Shot::xml(format!("text {reference}"), with(reference.as_bytes())));
        let inside = user(&format!("<id>1</id>{reference}"));
        all.push(Shot::xml(format!("{reference} in an object"), inside));
    }
    all
}

/// Ids, types, actions and values that mean something elsewhere.
#[rustfmt::skip] // A table.
fn words() -> Vec<Shot> {
    let mut all = vec![];
    for (kind, action) in [
        ("edge", "alert"), ("edge.alert", "alert"), ("EDGE", "ALERT"), ("edge.alert", "created"), ("*", "*"), ("", ""),
        ("user", ""), ("", "created"), (" user ", "created"), ("user.created", "x"), ("a.b.c", "d.e"), ("../..", "x"),
        ("__proto__", "constructor"), ("a/b", "c:d"), ("user%2e", "%00"), ("<![CDATA[user]]>", "created"), ("\u{202e}resu", "x"),
        ("user'--", "\"; DROP TABLE events"), ("ünïcode", "ação"), ("😀", "😀"), ("a\nb", "c\rd"), ("user\u{200b}", "created"),
        ("net.3scale.user", "created"), ("application", "key_created "), ("null", "undefined"), ("=cmd()", "@x"),
    ] {
        let object = "<user><id>77</id></user>";
        all.push(Shot::xml(format!("type {kind:?}, action {action:?}"), event(kind, action, object)));
    }
    let long = "x".repeat(4000);
    all.push(Shot::xml("a long type", event(&long, "created", "<user><id>78</id></user>")));
    all.push(Shot::xml("a long action", event("user", &long, "<user><id>79</id></user>")));
    for id in [
        "", " ", "0", "-1", "00000000000000000001", "9007199254740993", "99999999999999999999999999999999", "1e309", "NaN",
        "0x10", "1.0", "1,000", "١٢٣", "😀", "\u{202e}1", "' OR 1=1 --", "../../etc/passwd", "%00", "null", "true", "[]",
        "{\"$ne\":1}", "&lt;script&gt;alert(1)&lt;/script&gt;", "&lt;!channel&gt;", "a\tb\nc", "<b/>", "<b>1</b>",
    ] {
        all.push(Shot::xml(format!("id {id:?}"), user(&format!("<id>{id}</id><org_name>{id}</org_name>"))));
        let keys = format!("<application_id>{id}</application_id><keys><key>{id}</key></keys><extra_fields><{{}}>");
        all.push(Shot::xml(format!("keys {id:?}"), event("application", "created", &keys)));
    }
    for (name, id) in [
        ("an id of 200 KB", "7".repeat(200_000)),
        ("an id of 20 KB of text", "x".repeat(20_000)),
        ("an id of 128 emoji", "😀".repeat(128)),
        ("an id of 3000 emoji", "😀".repeat(3000)),
        ("an id of 4 KB of markup", "&lt;".repeat(4096)),
    ] {
        all.push(Shot::xml(name, user(&format!("<id>{id}</id>"))));
        all.push(Shot::xml(format!("{name}, of an account"), user(&format!("<id>1</id><account_id>{id}</account_id>"))));
    }
    let one = user("<id>80</id>");
    for (name, body) in [
        ("two roots", one.repeat(2)),
        ("text before", format!("x{one}")),
        ("text after", format!("{one}x")),
        ("NUL after", format!("{one}\0")),
        ("another root", one.replace("event", "events")),
        ("a root in capitals", one.replace("event", "EVENT")),
        ("a prefixed root", one.replace("event", "a:event")),
        ("two types", one.replace("<object>", "<type>account</type><object>")),
        ("two actions", one.replace("<object>", "<action>deleted</action><object>")),
        ("two objects", one.replace("</event>", "<object><user><id>81</id></user></object></event>")),
        ("no object", "<event><type>user</type><action>created</action></event>".to_owned()),
        ("an empty object", event("user", "created", "")),
        ("two in an object", event("user", "created", "<user><id>1</id></user><account><id>2</id></account>")),
        ("an object of another type", event("user", "created", "<account><id>1</id></account>")),
        ("text in place of an object", event("user", "created", "x")),
        ("two ids", user("<id>1</id><id>2</id>")),
        ("nested ids", user("<id><id><id>1</id></id></id>")),
        ("a nested event", event("user", "created", &one)),
        ("elements with attributes", user("<id type=\"integer\" nil=\"true\">1</id>")),
        ("times of every kind", user("<id>1</id><created_at>-9999-99-99T99:99:99Z</created_at><updated_at>9e99</updated_at>")),
        ("a list of failures", "<webhooks-failures><webhooks-failure><id>1</id></webhooks-failure></webhooks-failures>".to_owned()),
        ("HTML", "<!doctype html><html><body>hi</body></html>".to_owned()),
        ("JSON", "{\"event\":{\"type\":\"user\"}}".to_owned()),
        ("SOAP", "<s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"/>".to_owned()),
    ] {
        all.push(Shot::xml(name, body));
    }
    all
}

/// Announcements that are not kept.
#[rustfmt::skip] // A table.
fn media_types() -> Vec<Shot> {
    let body = user("<id>82</id>");
    let mut all = vec![];
    for content_type in [
        "", "text/xml", "application/xml; charset=utf-16", "application/xml;charset", "application/xml;;;", "application/json",
        "application/xml, application/json", "multipart/form-data", "multipart/form-data; boundary=x", "*/*", "xml",
        "application/xml; charset=\"utf-8", "application/xml\t", "APPLICATION/XML", "application/x-www-form-urlencoded",
        "text/xml; charset=us-ascii; charset=utf-16", "application/soap+xml", "image/svg+xml", "a/b;c=\u{e9}",
    ] {
        all.push(Shot::of(format!("Content-Type {content_type:?}"), content_type, body.clone()));
    }
    let gzipped = gzip(body.as_bytes());
    let bomb = gzip(&vec![b' '; 32 << 20]);
    for encoding in ["gzip", "GZIP", "x-gzip", "deflate", "br", "zstd", "identity", "gzip, gzip", "identity, gzip", ",", "\u{e9}"] {
        let name = format!("Content-Encoding {encoding:?}");
        all.push(Shot::xml(format!("{name}, a lie"), body.clone()).encoded(encoding));
        all.push(Shot::xml(format!("{name}, zipped"), gzipped.clone()).encoded(encoding));
        all.push(Shot::xml(format!("{name}, a bomb"), bomb.clone()).encoded(encoding));
    }
    all.push(Shot::xml("zipped, unannounced", gzipped));
    all
}

/// The legacy form.
#[rustfmt::skip] // A table.
fn forms() -> Vec<Shot> {
    let one = encode(&user("<id>83</id>"));
    let many: Vec<_> = (0..20_000).map(|n| format!("a{n}=b&")).collect();
    let many = many.concat();
    let bodies = [
        ("plain", format!("params[xml]={one}")),
        ("brackets encoded", format!("params%5Bxml%5D={one}")),
        ("twice", format!("params[xml]={one}&params[xml]=x")),
        ("twice, the other way", format!("params[xml]=x&params[xml]={one}")),
        ("another field", format!("xml={one}")),
        ("a list", format!("params[xml][]={one}")),
        ("deeper", format!("params[xml][a][b]={one}")),
        ("many fields", format!("{many}params[xml]={one}")),
        ("empty", "params[xml]=".to_owned()),
        ("without =", "params[xml]".to_owned()),
        ("nothing", String::new()),
        ("a broken escape", "params[xml]=%".to_owned()),
        ("another broken escape", "params[xml]=%zz".to_owned()),
        ("bytes that are no UTF-8", "params[xml]=%ff%fe%00".to_owned()),
        ("only %", format!("params[xml]={}", "%".repeat(300_000))),
        ("only &", "&".repeat(900_000)),
        ("only =", "=".repeat(900_000)),
        ("semicolons", format!("a=b;params[xml]={one}")),
        ("encoded twice", format!("params[xml]={}", encode(&one))),
        ("a form in the form", format!("params[xml]={}", encode(&format!("params[xml]={one}")))),
        ("the secret in the form", format!("token=x&params[xml]={one}")),
    ];
    let form = "application/x-www-form-urlencoded";
    let shot = |(name, body)| Shot::of(format!("form: {name}"), form, body);
    bodies.into_iter().map(shot).collect()
}

pub(crate) fn gzip(plain: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(vec![], Compression::fast());
    // Into memory: neither can fail.
    let _ = encoder.write_all(plain);
    encoder.finish().unwrap_or_default()
}
