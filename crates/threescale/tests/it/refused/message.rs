//! The text of an error.

use threescale::Notification;

#[test]
fn an_error_has_a_message_and_a_position_but_no_value() {
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
    // Names are quoted, but shortened.
    assert!(text(&format!("<event><{}></event>", "n".repeat(10_000))).len() < 300);
}
