//! The chat example in a headless browser. Screenshots are kept in `screenshots/`.

mod support;

use support::{Server, chromium, node, package, run, skip};

#[test]
fn two_people_chat_in_two_browsers() {
    if let Err(why) = node() {
        return skip(&why);
    }
    let Some(browser) = chromium() else {
        return skip("there is no Chromium");
    };
    let Some(mut server) = Server::chat() else {
        return skip("the chat example is not built: run the tests of the whole workspace");
    };
    let screenshots = package().join("screenshots");
    let (screenshots, browser) = (screenshots.to_string_lossy(), browser.to_string_lossy());
    run(
        "chat",
        &mut server,
        &[&screenshots],
        &[("CHROMIUM", &browser)],
    );
}
