//! Engine.IO: single requests, and frames on a fresh WebSocket.

use super::engine::Server;
use super::support::WebSocket;
use super::{Exceptions, bytes, cases, heard, message, title};
use serde_json::{Value as Json, json};

const STRICTER: &[(&str, &str)] = &[("025", "an unknown type in bytes ends the session")];

#[tokio::test(start_paused = true)]
async fn requests_are_answered_as_by_the_reference() {
    for case in cases("engineio-proto/tests/vectors/engine-http") {
        let title = title(&case);
        let mut server = Server::new(&case);
        let mut http = server.connect();
        let mut sid = String::new();
        if let Some(url) = case["after_handshake"].as_str() {
            let open = http.get(url).await;
            assert_eq!(open.status, 200, "{title}");
            sid = sid_in(&open.body).unwrap();
        }

        let request = &case["request"];
        let body = match &request["body"] {
            Json::String(text) => text.clone().into_bytes(),
            Json::Null => Vec::new(),
            binary => bytes(&binary["$bin"]),
        };
        let mut head = format!(
            "{} {} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n",
            request["method"].as_str().unwrap(),
            request["path"].as_str().unwrap().replace("<sid>", &sid),
            body.len()
        );
        for (name, value) in request["headers"].as_object().into_iter().flatten() {
            head.push_str(&format!("{name}: {}\r\n", value.as_str().unwrap()));
        }
        http.write([(head + "\r\n").into_bytes(), body].concat())
            .await;
        let response = http.response().await;

        let expected = &case["response"];
        assert_eq!(u64::from(response.status), expected["status"], "{title}");
        let kind = response.header("content-type");
        assert_eq!(kind, expected["content_type"].as_str(), "{title}");
        if let Some(fresh) = sid_in(&response.body) {
            sid = fresh;
        }
        let body = expected["body"].as_str().unwrap();
        let body = body.replace("<sid>", &sid);
        assert_eq!(response.body, body, "{title}");
        // Answers of sessions are not to be cached; refusals say nothing about it.
        let cache = (response.status == 200).then_some("no-store");
        assert_eq!(response.header("cache-control"), cache, "{title}");

        let error = &case["connection_error"];
        let told = error["code"].as_u64().map(|code| {
            let words = error["context"]["message"].as_str();
            format!("{code} {}", words.or(error["message"].as_str()).unwrap())
        });
        assert_eq!(server.refused.rest(), Vec::from_iter(told), "{title}");
        let closed = server
            .heard
            .rest()
            .into_iter()
            .find(|line| line.starts_with("closed: "));
        let expected = case["session_close_reason"].as_str();
        assert_eq!(
            closed,
            expected.map(|reason| format!("closed: {reason}")),
            "{title}"
        );
        if case["after_handshake"].is_string() && expected.is_none() {
            assert_eq!(server.engine.client_count(), 1, "{title}");
        }
    }
}

/// The id in an open packet, whatever it is wrapped in; as long as those of the reference, since some bodies tell their
/// lengths.
fn sid_in(body: &str) -> Option<String> {
    let body = body.replace('\\', "");
    let (_, rest) = body.split_once(r#""sid":""#)?;
    let (sid, _) = rest.split_once('"')?;
    assert_eq!(sid.len(), 20);
    Some(sid.to_owned())
}

#[tokio::test(start_paused = true)]
async fn frames_are_answered_as_by_the_reference() {
    let mut stricter = Exceptions::new(STRICTER);
    for case in cases("engineio-proto/tests/vectors/engine-websocket") {
        let title = title(&case);
        let mut server = Server::new(&case);
        let socket = server
            .connect()
            .upgrade(case["path"].as_str().unwrap())
            .await;
        let mut client = WebSocket(socket);
        assert!(client.text().await.starts_with("0{"), "{title}");
        for frame in case["client_frames"].as_array().unwrap() {
            client.send_frame(message(frame)).await;
        }
        let (frames, closed) = heard(&mut client).await;
        let told = server.heard.rest();
        if stricter.has(&case) {
            assert_eq!(
                (told.concat().as_str(), closed),
                ("closed: parse error", Some(None))
            );
            continue;
        }
        assert_eq!(json!(frames), case["server_frames_after_open"], "{title}");
        let expected = case["app_messages"].as_array().unwrap().iter();
        let mut expected: Vec<_> = expected.map(Json::to_string).collect();
        if let Some(reason) = case["session_close_reason"].as_str() {
            expected.push(format!("closed: {reason}"));
        }
        assert_eq!(told, expected, "{title}");
        // 1005 stands for a close frame without a status.
        let code = case["ws_close_code"]
            .as_u64()
            .map(|code| (code != 1005).then_some(code as u16));
        assert_eq!(closed, code, "{title}");
    }
    stricter.assert_all_met();
}
