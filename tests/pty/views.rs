//! What Review is like from one session to the next, and one client read again, on the real PSA adapters.

use crate::support::screen::Screen;

fn open(folder: &tempfile::TempDir, psa: &str) -> Screen {
    let data = folder.path().display().to_string();
    let screen = Screen::open(&["--data-dir", &data, "demo", "--psa", psa], &[("SSH_TTY", "/dev/pts/0")], 150, 40);
    screen.wait_for(", complete, read");
    screen
}

crate::support::vendor::on_every_psa! {
    fn a_client_is_read_again_and_the_view_is_kept_but_no_ticks(vendor) {
        let psa = vendor.key;
        tokio::task::spawn_blocking(move || {
            let folder = tempfile::tempdir().unwrap();
            let mut screen = open(&folder, psa);
            screen.send("\t");
            screen.wait_for("Still linked");
            screen.send("r");
            screen.wait_for("again: ");
            screen.send("j");
            screen.wait_for("; this one just now");
            screen.send(" ");
            screen.send(">");
            screen.wait_for("Type ▲");
            screen.send("/");
            screen.type_each("serial:s");
            screen.send("\r");
            screen.wait_for("filter: serial:s");
            screen.send("y");
            screen.wait_for("OSC 52");
            screen.send("i");
            screen.wait_for("Copied the id");
            screen.send("q");
            assert_eq!(screen.ended(), 0);
            assert!(String::from_utf8_lossy(&screen.bytes()).contains("\u{1b}]52;c;"), "the terminal was asked to copy");
            let kept = folder.path().join("demo").join("view.json");
            assert_eq!(mothball::system::files::mode(&kept).unwrap(), 0o600);

            let mut screen = open(&folder, psa);
            screen.wait_for("Filtered as the last time: serial:s");
            screen.send("\t");
            screen.wait_for("Type ▲");
            assert!(!screen.text().contains("ticked"), "{}", screen.text());
            screen.send("q");
            assert_eq!(screen.ended(), 0);

            std::fs::write(&kept, "{\"version\": 1, \"profiles\": \"mine\"").unwrap();
            let mut screen = open(&folder, psa);
            assert!(!screen.text().contains("Filtered as the last time"), "{}", screen.text());
            screen.send("q");
            assert_eq!(screen.ended(), 0);
        })
        .await
        .unwrap();
    }
}
