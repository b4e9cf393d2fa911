//! The chat client for terminals at the server of the chat example, on screens in memory.

#[path = "../../socketio-client/examples/chat-cli/app/mod.rs"]
mod app;
mod support;

use app::App;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{Server, skip};

/// How long one looks at a screen before the next.
const GLANCE: Duration = Duration::from_millis(5);

/// How often one looks for something before giving up.
const GLANCES: u32 = 4000;

/// Somebody at a terminal.
struct Person {
    app: App,
    terminal: Terminal<TestBackend>,
}

impl Person {
    fn new(server: &Server, name: &str, images: &Path) -> Self {
        let app = App::start(&server.url(), name, "general", images.to_owned());
        Self {
            app: app.expect("the options are right"),
            terminal: Terminal::new(TestBackend::new(100, 24)).expect("there is memory"),
        }
    }

    fn types(&mut self, text: &str) {
        for letter in text.chars() {
            self.presses(KeyCode::Char(letter));
        }
    }

    fn enters(&mut self, text: &str) {
        self.types(text);
        self.presses(KeyCode::Enter);
    }

    fn presses(&mut self, code: KeyCode) {
        self.app.press(KeyEvent::new(code, KeyModifiers::NONE));
    }

    fn screen(&mut self) -> String {
        let drawn = self.terminal.draw(|frame| self.app.draw(frame));
        drawn.expect("it can be drawn");
        self.terminal.backend().to_string()
    }
}

/// Goes on for all of them until the first sees this, or sees it no more.
async fn until<const N: usize>(mut people: [&mut Person; N], text: &str, is_there: bool) {
    for _ in 0..GLANCES {
        if people[0].screen().contains(text) == is_there {
            return;
        }
        for person in &mut people {
            // Nothing may happen, and nothing is lost.
            let _ = tokio::time::timeout(GLANCE, person.app.turn()).await;
        }
    }
    panic!("{text:?}, in vain:\n{}", people[0].screen());
}

/// A directory that goes with the test.
struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        let name = format!("chat-cli-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("there is a place for files");
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[tokio::test]
async fn two_people_chat_in_two_terminals() {
    let Some(mut server) = Server::chat() else {
        return skip("the chat example is not built: run the tests of the whole workspace");
    };
    let directory = Directory::new();
    let images = directory.0.join("images");
    let mut ada = Person::new(&server, "ada", &images);
    let mut grace = Person::new(&server, "grace", &images);
    until([&mut ada, &mut grace], "#general (2)", true).await;
    until([&mut ada, &mut grace], "connected over websocket", true).await;

    ada.types("hel");
    until([&mut grace, &mut ada], "ada is typing", true).await;
    ada.enters("lo");
    until([&mut grace, &mut ada], "ada: hello", true).await;
    until([&mut grace, &mut ada], "is typing", false).await;
    assert!(ada.screen().contains("ada: hello"));

    ada.enters("/join rust");
    until([&mut grace, &mut ada], "#rust (1)", true).await;
    until([&mut ada, &mut grace], "#rust─", true).await;
    ada.enters("/join A Room");
    until([&mut ada, &mut grace], "A room's name has", true).await;
    grace.enters("/join rust");
    until([&mut ada, &mut grace], "#rust (2)", true).await;

    let picture = directory.0.join("a..b.png");
    std::fs::write(&picture, b"\x89PNG").expect("it can be written");
    until([&mut grace, &mut ada], "#rust─", true).await;
    grace.enters(&format!("/image {}", picture.display()));
    until([&mut ada, &mut grace], "grace has sent an image", true).await;
    let saved = std::fs::read_dir(&images).expect("it is there");
    let saved: Vec<_> = saved
        .map(|file| file.expect("it is there").path())
        .collect();
    let [saved] = &saved[..] else {
        panic!("there is one image, and not {saved:?}");
    };
    assert_eq!(std::fs::read(saved).expect("it can be read"), b"\x89PNG");
    grace.enters("/image nothing.txt");
    until([&mut grace, &mut ada], "not an image", true).await;

    server.obey("kill");
    until([&mut ada, &mut grace], "connected over", false).await;
    server.obey("start");
    until([&mut ada, &mut grace], "connected over", true).await;
    until([&mut ada, &mut grace], "#rust (2)", true).await;
    ada.enters("/quit");
    assert!(ada.app.is_over());
    ada.app.leave().await;
    until([&mut grace], "#rust (1)", true).await;
}
