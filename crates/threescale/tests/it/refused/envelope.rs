//! Well-formed documents that are not notifications.

use super::{ACCEPTED, OTHER, check};

#[test]
fn a_well_formed_document_of_another_form_is_not_a_notification() {
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
