//! What Review is like from one session to the next, and one client read again, on the real PSA adapters.

use crate::support::screen::Screen;

crate::support::vendor::on_every_psa!(a_client_is_read_again_and_the_view_is_kept_but_no_ticks);

async fn a_client_is_read_again_and_the_view_is_kept_but_no_ticks(psa: &'static str) {
    let look = move || {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().display().to_string();
        let open = || {
            let arguments = ["--data-dir", &data, "demo", "--psa", psa];
            Screen::open(&arguments, &[("SSH_TTY", "/dev/pts/0")], 150, 40)
        };
        let mut screen = open();
        screen.wait_for(", complete, read");
        screen.send("\t");
        screen.send("r");
        screen.wait_until("that it was read again", |text| {
            text.lines().any(|line| line.starts_with("Read ") && line.contains(" again: "))
        });
        screen.send("j");
        screen.wait_for("; this one ");
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
        let bytes = screen.bytes();
        assert!(String::from_utf8_lossy(&bytes).contains("\u{1b}]52;c;"), "the terminal was asked to copy");
        let kept = folder.path().join("demo").join("view.json");
        assert_eq!(mothball::system::files::mode(&kept).unwrap(), 0o600);

        let mut screen = open();
        screen.wait_for("Filtered as the last time: serial:s");
        screen.send("\t");
        screen.wait_for("Type ▲");
        screen.wait_for(", complete, read");
        let text = screen.text();
        assert!(!text.contains("[x]") && !text.contains("[-]"), "{text}");
        screen.send("q");
        assert_eq!(screen.ended(), 0);

        std::fs::write(&kept, "{\"version\": 1, \"profiles\": \"mine\"").unwrap();
        let mut screen = open();
        screen.wait_for(", complete, read");
        assert!(!screen.text().contains("filter: serial:s"), "{}", screen.text());
        screen.send("q");
        assert_eq!(screen.ended(), 0);
    };
    tokio::task::spawn_blocking(look).await.unwrap();
}
