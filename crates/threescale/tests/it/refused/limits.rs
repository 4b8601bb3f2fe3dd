//! Documents that exceed a limit.

use threescale::{Limits, Notification};

use super::{ACCEPTED, LIMIT, around, check};

#[test]
fn a_document_that_exceeds_a_limit_is_refused() {
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
