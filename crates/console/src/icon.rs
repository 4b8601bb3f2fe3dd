//! Icons, drawn inline. They are Lucide's (<https://lucide.dev>, ISC licence: `templates/icons/LICENSE`).

use crate::markup::Markup;

macro_rules! icons {
    ($($name:literal)*) => {
        fn drawing(name: &str) -> &'static str {
            match name {
                $($name => include_str!(concat!("../../../templates/icons/", $name, ".svg")),)*
                _ => "",
            }
        }

        #[cfg(test)]
        const NAMES: &[&str] = &[$($name),*];
    };
}

icons! {
    "activity" "app-window" "arrow-right-left" "boxes" "building-2" "check" "chevron-right" "circle-alert"
    "circle-check" "clock" "copy" "database" "download" "external-link" "eye" "filter" "flask-conical" "heart-pulse"
    "inbox" "key-round" "keyboard" "log-out" "pause" "play" "plug" "radio" "rotate-ccw" "scroll-text" "search" "send"
    "shield-alert" "sun-moon" "triangle-alert" "user" "users" "x"
}

/// The icon of this name; words stand beside each, so that it is hidden from screen readers.
#[must_use]
pub fn svg(name: &str) -> Markup {
    let mut markup = Markup::default();
    markup
        .raw(r#"<svg class="icon" viewBox="0 0 24 24" aria-hidden="true">"#)
        .raw(drawing(name).trim_ascii_end())
        .raw("</svg>");
    markup
}

/// The icon for a type of object.
#[must_use]
pub fn of_type(kind: &str) -> Markup {
    svg(match kind {
        "account" => "building-2",
        "user" => "user",
        "application" => "app-window",
        "alert" => "triangle-alert",
        _ => "database",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_icon_that_a_template_names_is_there() {
        let templates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../templates");
        let mut folders = vec![templates];
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "html") {
                    let text = std::fs::read_to_string(&path).unwrap();
                    for part in text.split("icon::svg(\"").skip(1) {
                        let name = part.split('"').next().unwrap();
                        assert!(NAMES.contains(&name), "{name} in {}", path.display());
                        found += 1;
                    }
                }
            }
        }
        assert!(found > 10);
    }
}
