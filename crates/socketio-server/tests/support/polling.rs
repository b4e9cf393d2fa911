//! A client over polling, with one connection for its GETs and one for its POSTs.

use super::http::PATH;
use super::{Http, Server};
use std::collections::VecDeque;

pub(crate) struct Polling {
    pub(crate) poll: Http,
    pub(crate) push: Http,
    sid: String,
    inbox: VecDeque<String>,
}

impl Polling {
    /// Opens a session.
    pub(crate) async fn open(server: &Server) -> Self {
        Self::over(server.http().await, server.http().await).await
    }

    /// Opens a session over connections that are there already.
    pub(crate) async fn over(mut poll: Http, push: Http) -> Self {
        let open = poll.get(&format!("{PATH}&transport=polling")).await;
        assert_eq!(open.status, 200, "{open:?}");
        let open: serde_json::Value = serde_json::from_str(&open.body[1..]).unwrap();
        Self {
            poll,
            push,
            sid: open["sid"].as_str().unwrap().to_owned(),
            inbox: VecDeque::new(),
        }
    }

    pub(crate) fn sid(&self) -> &str {
        &self.sid
    }

    /// The target of the session's requests.
    pub(crate) fn target(&self) -> String {
        format!("{PATH}&transport=polling&sid={}", self.sid)
    }

    /// POSTs a payload: a packet, or several with separators.
    pub(crate) async fn send(&mut self, payload: &str) {
        let response = self.push.post(&self.target(), payload).await;
        assert_eq!(
            (response.status, response.body.as_str()),
            (200, "ok"),
            "{response:?}"
        );
    }

    /// Sends a GET, but does not wait for its answer.
    pub(crate) async fn begin_poll(&mut self) {
        self.poll.begin_get(&self.target()).await;
    }

    /// The next packet. Heartbeats are answered on the way.
    pub(crate) async fn text(&mut self) -> String {
        loop {
            if let Some(packet) = self.inbox.pop_front() {
                if packet != "2" {
                    return packet;
                }
                self.send("3").await;
                continue;
            }
            let response = self.poll.get(&self.target()).await;
            self.take(&response);
        }
    }

    /// The answer to a GET that was begun.
    pub(crate) async fn end_poll(&mut self) {
        let response = self.poll.response().await;
        self.take(&response);
    }

    fn take(&mut self, response: &super::Response) {
        assert_eq!(response.status, 200, "{response:?}");
        self.inbox
            .extend(response.body.split('\u{1e}').map(ToOwned::to_owned));
    }

    /// Joins a namespace and gives the socket's id there.
    pub(crate) async fn join(&mut self, namespace: &str) -> String {
        self.send(&connect(namespace)).await;
        granted(&self.text().await)
    }

    /// The packets that have come, but were not asked for.
    pub(crate) fn take_rest(&mut self) -> VecDeque<String> {
        std::mem::take(&mut self.inbox)
    }

    /// The connections, for another session.
    pub(crate) fn into_connections(self) -> (Http, Http) {
        (self.poll, self.push)
    }
}

/// A CONNECT packet.
pub(crate) fn connect(namespace: &str) -> String {
    match namespace {
        "/" => "40".to_owned(),
        other => format!("40{other},"),
    }
}

/// The id in a CONNECT reply.
pub(crate) fn granted(packet: &str) -> String {
    let object = packet
        .strip_prefix("40")
        .and_then(|rest| rest.find('{').map(|at| &rest[at..]))
        .unwrap_or_else(|| panic!("a CONNECT reply was expected, not {packet}"));
    let object: serde_json::Value = serde_json::from_str(object).unwrap();
    object["sid"].as_str().unwrap().to_owned()
}
