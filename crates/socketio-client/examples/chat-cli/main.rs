//! The chat of `socketio-server` in a terminal: `cargo run --example chat-cli -- NAME [ROOM [URL]]`.
//!
//! Start its server first: `cargo run -p socketio-server --example chat`. Whatever is typed is said in the
//! room, but for commands: `/join ROOM`, `/image FILE`, `/quit`. Images of others are kept in
//! `images/`.
//!
//! `app` is the program, without a terminal: what happens is pulled from the socket and the
//! keyboard, one thing at a time, and then the screen is drawn anew.

mod app;

use app::App;
use ratatui::crossterm::event::{self, Event};
use std::error::Error;
use tokio::sync::mpsc;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments
        .next()
        .ok_or("usage: chat-cli NAME [ROOM [URL]]")?;
    let room = arguments.next().unwrap_or_else(|| "general".into());
    let url = arguments.next();
    let url = url.as_deref().unwrap_or("http://127.0.0.1:3000");
    let mut app = App::start(url, &name, &room, "images".into())?;

    // Keys are read by a thread, which ends with the program.
    let (sender, mut keys) = mpsc::channel(16);
    std::thread::spawn(move || {
        while let Ok(event) = event::read() {
            if sender.blocking_send(event).is_err() {
                break;
            }
        }
    });
    let mut terminal = ratatui::init();
    let result = loop {
        if let Err(error) = terminal.draw(|frame| app.draw(frame)) {
            break Err(error);
        }
        tokio::select! {
            key = keys.recv() => match key {
                Some(Event::Key(key)) => app.press(key),
                Some(_) => {}
                None => break Ok(()),
            },
            () = app.turn() => {}
        }
        if app.is_over() {
            break Ok(());
        }
    };
    ratatui::restore();
    app.leave().await;
    Ok(result?)
}
