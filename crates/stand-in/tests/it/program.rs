//! The program, as `make send` runs it.

use std::process::Command;

fn stand_in(arguments: &[&str]) -> (bool, String, String) {
    let mut program = Command::new(env!("CARGO_BIN_EXE_stand-in"));
    let output = program.args(arguments).output().unwrap();
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    (output.status.success(), out, err)
}

#[test]
fn where_nothing_listens_it_says_so_and_shows_no_secret() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/hooks/default?token=s3cret",
        free.local_addr().unwrap()
    );
    drop(free);
    for arguments in [
        ["send", "--all", "--url", &url].as_slice(),
        &["ping", "--url", &url],
    ] {
        let (success, out, err) = stand_in(arguments);
        assert!(!success);
        assert!(
            err.contains("nothing listens at http://127.0.0.1:"),
            "{err}"
        );
        assert!(err.contains("make dev"), "{err}");
        assert!(
            !out.contains("s3cret") && !err.contains("s3cret"),
            "{out}{err}"
        );
        assert!(out.lines().count() < 2, "it tries once: {out}");
    }
}

#[test]
fn fresh_notifications_are_about_new_objects() {
    let (_, first, _) = stand_in(&["print", "--all", "--fresh"]);
    let ids = |text: &str| -> Vec<String> {
        let ids = text.lines().map(|line| line.split("<id>").nth(1).unwrap());
        ids.map(|rest| rest.split('<').next().unwrap().to_owned())
            .collect()
    };
    let mut all = ids(&first);
    // The ids of a run are as many milliseconds apart as there are kinds.
    std::thread::sleep(std::time::Duration::from_millis(20));
    let (_, second, _) = stand_in(&["print", "--kind", "user.created", "--fresh"]);
    all.extend(ids(&second));
    assert_eq!(all.len(), 17);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 17);
}
