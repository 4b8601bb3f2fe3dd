//! The shapes of the JSON, for documents that 3scale sends and for others.

use threescale::Redact;

use super::{data, event, object, object_redacted};

#[track_caller]
fn check(kind: &str, cases: &[(&str, &str)]) {
    for (inside, json) in cases {
        assert_eq!(
            object(kind, &format!("<{kind}>{inside}</{kind}>")),
            *json,
            "{inside}"
        );
    }
}

#[test]
fn lists_are_arrays_even_when_empty() {
    check(
        "application",
        &[
            ("<keys/>", r#"{"keys":[]}"#),
            ("<keys></keys>", r#"{"keys":[]}"#),
            ("<keys>\n  </keys>", r#"{"keys":[]}"#),
            ("<keys><key>1</key></keys>", r#"{"keys":["1"]}"#),
            (
                "<keys> <key>a</key> <key/> <key>b</key> </keys>",
                r#"{"keys":["a",null,"b"]}"#,
            ),
            ("<referrer_filters/>", r#"{"referrer_filters":[]}"#),
            (
                "<referrer_filters><referrer_filter>*.x</referrer_filter></referrer_filters>",
                r#"{"referrer_filters":["*.x"]}"#,
            ),
        ],
    );
    check(
        "account",
        &[
            ("<plans/><users></users>", r#"{"plans":[],"users":[]}"#),
            (
                "<plans><plan/><plan><id>1</id></plan></plans>",
                r#"{"plans":[null,{"id":1}]}"#,
            ),
            (
                "<users><user><id>1</id></user></users>",
                r#"{"users":[{"id":1}]}"#,
            ),
        ],
    );
}

#[test]
fn extra_fields_are_objects_even_when_empty() {
    check(
        "user",
        &[
            ("<extra_fields/>", r#"{"extra_fields":{}}"#),
            ("<extra_fields> </extra_fields>", r#"{"extra_fields":{}}"#),
            (
                "<extra_fields><a>1</a><b/></extra_fields>",
                r#"{"extra_fields":{"a":"1","b":null}}"#,
            ),
            (
                "<extra_fields><c>x</c><a>1</a><c>y</c></extra_fields>",
                r#"{"extra_fields":{"c":["x","y"],"a":"1"}}"#,
            ),
            (
                "<extra_fields><id>1</id><state>true</state></extra_fields>",
                r#"{"extra_fields":{"id":"1","state":"true"}}"#,
            ),
            (
                "<extra_fields><id>1</id><id>2</id></extra_fields>",
                r#"{"extra_fields":{"id":["1","2"]}}"#,
            ),
            (
                "<extra_fields>text</extra_fields>",
                r##"{"extra_fields":{"#text":"text"}}"##,
            ),
            (r#"<extra_fields a="1"/>"#, r#"{"extra_fields":{"@a":"1"}}"#),
        ],
    );
    check("account", &[("<annotations/>", r#"{"annotations":{}}"#)]);
}

#[test]
fn attributes_of_a_plan_are_boolean_members() {
    check(
        "application",
        &[
            (
                r#"<plan custom="false" default="true"><id>8</id></plan>"#,
                r#"{"plan":{"custom":false,"default":true,"id":8}}"#,
            ),
            (r#"<plan default="true"/>"#, r#"{"plan":{"default":true}}"#),
            (
                r#"<plan custom="maybe" default=""/>"#,
                r#"{"plan":{"custom":"maybe","default":null}}"#,
            ),
            (
                r#"<plan custom="true"><custom>x</custom></plan>"#,
                r#"{"plan":{"@custom":true,"custom":"x"}}"#,
            ),
            (
                "<plan><custom>true</custom></plan>",
                r#"{"plan":{"custom":true}}"#,
            ),
            (
                r#"<plan tier="gold"><tier>x</tier></plan>"#,
                r#"{"plan":{"@tier":"gold","tier":"x"}}"#,
            ),
            ("<plan/>", r#"{"plan":null}"#),
            ("<plan> \n</plan>", r#"{"plan":null}"#),
            ("<plan>Gold</plan>", r#"{"plan":"Gold"}"#),
        ],
    );
}

#[test]
fn an_unknown_element_is_kept_in_the_generic_form() {
    check(
        "user",
        &[
            ("<new>1</new>", r#"{"new":"1"}"#),
            ("<new/>", r#"{"new":null}"#),
            (
                "<new><a>1</a><b><c/></b></new>",
                r#"{"new":{"a":"1","b":{"c":null}}}"#,
            ),
            (
                "<new>1</new><id>2</id><new>3</new>",
                r#"{"new":["1","3"],"id":2}"#,
            ),
            (
                "<new>1</new><new/><new><a/></new>",
                r#"{"new":["1",null,{"a":null}]}"#,
            ),
            (
                "<new><id>1</id><created_at>x</created_at></new>",
                r#"{"new":{"id":"1","created_at":"x"}}"#,
            ),
            (
                r#"<new lang="en">text</new>"#,
                r##"{"new":{"@lang":"en","#text":"text"}}"##,
            ),
            (r#"<new lang="en"/>"#, r#"{"new":{"@lang":"en"}}"#),
            (
                r#"<new lang="en"> </new>"#,
                r##"{"new":{"@lang":"en","#text":" "}}"##,
            ),
            (
                "<new>one<b/>two</new>",
                r##"{"new":{"#text":["one","two"],"b":null}}"##,
            ),
            (
                "<new> <b/>\n two<b/> </new>",
                r##"{"new":{"b":[null,null],"#text":"\n two"}}"##,
            ),
            (
                "<__proto__>1</__proto__><constructor>2</constructor>",
                r#"{"__proto__":"1","constructor":"2"}"#,
            ),
            ("<n:id>1</n:id>", r#"{"n:id":"1"}"#),
        ],
    );
}

#[test]
fn many_unknown_names_are_grouped_like_few() {
    let names = 0..300;
    let once = names
        .clone()
        .map(|n| format!("<n{n}/>"))
        .collect::<Vec<_>>()
        .concat();
    let members: Vec<_> = names.clone().map(|n| format!("\"n{n}\":null")).collect();
    check("user", &[(&once, &format!("{{{}}}", members.join(",")))]);
    let members: Vec<_> = names.map(|n| format!("\"n{n}\":[null,null]")).collect();
    check(
        "user",
        &[(&once.repeat(2), &format!("{{{}}}", members.join(",")))],
    );
}

#[test]
fn a_known_element_of_another_shape_loses_nothing() {
    check(
        "account",
        &[
            (
                "<id>1</id><state>a</state><id>2</id>",
                r#"{"id":[1,2],"state":"a"}"#,
            ),
            (r#"<id x="y">1</id>"#, r##"{"id":{"@x":"y","#text":"1"}}"##),
            ("<id>1<a/></id>", r##"{"id":{"#text":"1","a":null}}"##),
            ("<plans>text</plans>", r##"{"plans":[{"#text":"text"}]}"##),
            (
                r#"<plans type="array"/>"#,
                r#"{"plans":[{"@type":"array"}]}"#,
            ),
            (
                "<plans><plan/><trial><a/></trial>x</plans>",
                r##"{"plans":[null,{"trial":{"a":null}},{"#text":"x"}]}"##,
            ),
            ("<plans/><plans><plan/></plans>", r#"{"plans":[[],[null]]}"#),
            (
                "<extra_fields/><extra_fields/>",
                r#"{"extra_fields":[{},{}]}"#,
            ),
            (
                "<billing_address><id>1</id></billing_address>",
                r#"{"billing_address":{"id":"1"}}"#,
            ),
            // Known in another shape, but not in this one.
            ("<user_key>1</user_key>", r#"{"user_key":"1"}"#),
            ("text<id>1</id>", r##"{"#text":"text","id":1}"##),
        ],
    );
}

#[test]
fn an_object_whose_name_is_not_its_type_keeps_its_name() {
    let cases = [
        ("account", "", "null"),
        ("account", "text", "\"text\""),
        ("account", "<account/>", "null"),
        (
            "account",
            "<user><id>1</id></user>",
            r#"{"user":{"id":"1"}}"#,
        ),
        (
            "account",
            "<account><id>1</id></account><account/>",
            r#"{"account":[{"id":"1"},null]}"#,
        ),
        ("account", "<id>1</id><state/>", r#"{"id":1,"state":null}"#),
        ("invoice", "<invoice><id>1</id></invoice>", r#"{"id":"1"}"#),
        (
            "invoice",
            "<bill><id>1</id></bill>",
            r#"{"bill":{"id":"1"}}"#,
        ),
        ("invoice", "<invoice>1</invoice>", "\"1\""),
    ];
    for (kind, inside, json) in cases {
        assert_eq!(object(kind, inside), json, "{kind} {inside}");
    }
}

#[test]
fn other_content_of_the_event_comes_after_the_object() {
    let body =
        r#"<event v="2"><object/><id>7</id>text<type>t</type><id>8</id><action>a</action></event>"#;
    assert_eq!(
        data(body, &Redact::none()).unwrap(),
        r##"{"type":"t","action":"a","object":null,"@v":"2","id":["7","8"],"#text":"text"}"##
    );
}

#[test]
fn elements_may_come_in_any_order() {
    let body = event("user", "created", "<user><state>a</state><id>1</id></user>");
    assert_eq!(
        data(&body, &Redact::none()).unwrap(),
        r#"{"type":"user","action":"created","object":{"state":"a","id":1}}"#
    );
}

#[test]
fn redacted_values_are_replaced_wherever_they_are() {
    let redact =
        Redact::new(["user_key", "keys", "plan", "secret", "custom", "id"].map(str::to_owned));
    let cases = [
        ("<user_key>k</user_key>", r#"{"user_key":"[redacted]"}"#),
        ("<user_key/>", r#"{"user_key":null}"#),
        (
            "<id>1</id><service_id>2</service_id>",
            r#"{"id":"[redacted]","service_id":2}"#,
        ),
        ("<keys/>", r#"{"keys":[]}"#),
        (
            "<keys><key>a</key><key/><key>b</key></keys>",
            r#"{"keys":["[redacted]",null,"[redacted]"]}"#,
        ),
        (
            r#"<plan custom="true" default="true"><name>n</name><setup_fee>0.0</setup_fee><x y="z">t</x></plan>"#,
            r##"{"plan":{"custom":"[redacted]","default":"[redacted]","name":"[redacted]","setup_fee":"[redacted]","x":{"@y":"[redacted]","#text":"[redacted]"}}}"##,
        ),
        (
            r#"<x custom="true" y="z"/>"#,
            r#"{"x":{"@custom":"[redacted]","@y":"z"}}"#,
        ),
        (
            "<extra_fields><secret>a</secret><b>c</b><secret>d</secret></extra_fields>",
            r#"{"extra_fields":{"secret":["[redacted]","[redacted]"],"b":"c"}}"#,
        ),
        (
            "<new><deep><secret>a</secret></deep></new>",
            r#"{"new":{"deep":{"secret":"[redacted]"}}}"#,
        ),
        (
            r#"<keys secret="1">t</keys>"#,
            r##"{"keys":[{"@secret":"[redacted]"},{"#text":"[redacted]"}]}"##,
        ),
    ];
    for (inside, json) in cases {
        assert_eq!(
            object_redacted(
                "application",
                &format!("<application>{inside}</application>"),
                &redact
            ),
            json
        );
    }
}
