//! Writes `corpus/<target>/` and `dictionaries/<target>.dict` from the vectors of the crates.
//!
//! `cargo run --example seeds` in `fuzz/`. A seed has the name of its vector; of vectors that look
//! alike but for words and numbers the first is taken. What a fuzzer found is not touched.

use engineio_proto::{Frame, Message, Packet, Text};
use serde_json::Value;
use socketio_fuzz::END;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// Longer inputs slow a fuzzer down.
const MAX_LEN: usize = 512;

fn main() {
    write("eio_packet", packets());
    write(
        "eio_payload_v3_text",
        payloads("engine-payloads-v3", "wire_text"),
    );
    write(
        "eio_payload_v3_binary",
        payloads("engine-payloads-v3", "wire_hex"),
    );
    write("eio_payload_v4", payloads("engine-payloads-v4", "wire"));
    write("eio_jsonp", forms());
    write("eio_query", requests());
    write("eio_server_ops", server_operations());
    write("eio_client_ops", client_operations());
    write("wt_stream", streams());
    write("sio_header", headers());
    write("sio_json", messages());
    write("sio_msgpack", msgpack());
    write("sio_serde", values());
    write("sio_connection_ops", conversations());
    write("sio_manager_ops", lives());
    write("sio_namespace_ops", broadcasts());
    write("sio_recovery_ops", recoveries());
    write("observer_ops", registrations());
}

/// Inputs by name.
type Seeds = Vec<(String, Vec<u8>)>;

fn packets() -> Seeds {
    let files = ["engine-packets-v4", "engine-packets-v3"];
    let cases = files
        .into_iter()
        .flat_map(|file| cases("engineio-proto", file));
    cases
        .filter_map(|(id, case)| {
            let wire = match case["wire_text"].as_str() {
                Some(text) => text.into(),
                None => base64(case["wire_binary_base64"].as_str()?),
            };
            Some((id, wire))
        })
        .collect()
}

fn payloads(file: &str, field: &str) -> Seeds {
    let cases = cases("engineio-proto", file).into_iter();
    cases
        .filter_map(|(id, case)| {
            let wire = case[field].as_str()?;
            let is_hex = field.ends_with("hex");
            Some((id, if is_hex { hex(wire) } else { wire.into() }))
        })
        .collect()
}

fn forms() -> Seeds {
    let mut seeds: Seeds = cases("engineio-proto", "engine-http")
        .into_iter()
        .filter_map(|(id, case)| Some((id, case["request"]["body"].as_str()?.into())))
        .filter(|(_, body): &(String, Vec<u8>)| body.starts_with(b"d="))
        .collect();
    let own = [
        ("payload", "7\n4\"hi\"\u{1e}b4AQI="),
        ("index", "a1</script>2\n\u{2028}\u{2029}\0\u{1f}\t\r\\n"),
        ("breaks", "x=1&d=4%5Cn%5C%5Cn\\\\n+%0A%ff&y"),
        ("two", "d=1&d=2"),
    ];
    seeds.extend(own.map(|(name, input)| (name.into(), input.into())));
    seeds
}

/// Streams in pieces of three and two bytes, with the highest limit.
fn streams() -> Seeds {
    let cases = cases("engineio-proto", "webtransport-frames").into_iter();
    cases
        .filter_map(|(id, case)| {
            let wire = match case["wire_hex"].as_str() {
                Some(wire) => wire.to_owned(),
                None => array(&case["chunks_hex"]).iter().map(string).collect(),
            };
            (!wire.is_empty()).then(|| (id, [&[0x21, 0xff], &hex(&wire)[..]].concat()))
        })
        .collect()
}

fn requests() -> Seeds {
    let cases = cases("engineio-proto", "engine-http").into_iter();
    cases
        .map(|(id, case)| {
            let request = &case["request"];
            let mut seed = format!(
                "{} {}",
                string(&request["method"]),
                string(&request["path"])
            );
            seed = seed.replace("<sid>", "sid");
            for (name, value) in request["headers"].as_object().into_iter().flatten() {
                match name.to_ascii_lowercase().as_str() {
                    "content-type" => seed += &format!("\nt:{}", string(value)),
                    "origin" => seed += &format!("\no:{}", string(value)),
                    "user-agent" => seed += &format!("\na:{}", string(value)),
                    "upgrade" => seed += "\nu",
                    _ => {}
                }
            }
            (id, seed.into_bytes())
        })
        .collect()
}

/// Frames of WebSocket sessions, bodies of polling ones, and what takes both.
fn server_operations() -> Seeds {
    let mut seeds = Seeds::new();
    for (id, case) in cases("engineio-proto", "engine-websocket") {
        let options = if is_v3(&case["path"]) { "3w" } else { "w" };
        let mut ops = Script::new(options).op("l").op("t0").op("v");
        for frame in array(&case["client_frames"]) {
            ops = ops.frame("0", frame).op("v");
        }
        seeds.push((id, ops.op("s5").op("t0").op("z").op("t0").finish()));
    }
    for (id, case) in cases("engineio-proto", "engine-http") {
        if let Some(body) = case["request"]["body"].as_str() {
            let path = &case["request"]["path"];
            let options = match (is_v3(path), string(path).contains("&j=")) {
                (false, _) => "",
                (true, false) => "3",
                (true, true) => "3j",
            };
            let ops = Script::new(options).op("g").op("r").op("g").op("p");
            let ops = ops.op(&format!("d{body}")).op("r").op("v").op("s5").op("r");
            seeds.push((id, ops.op("z").op("r").finish()));
        }
    }
    let own = [
        ("upgrade", " g r g l f02probe t0 r s3 f05 t0 v f04x q t0 v"),
        ("upgrade-late", "i g r l z g f02probe a50 g r z v"),
        ("upgrade-webtransport", "b g r L f02probe t0 S9 f05 t0 c0 v"),
        (
            "candidates",
            " g r l f0x l f12probe f12probe l e2 l c3 l l t0 t1 t2",
        ),
        ("close-polling", " g r s9 q g r g r v"),
        ("close-candidate", " g r l f02probe q f05 t0 v"),
        ("heartbeat", "w l t0 z t0 f03 z t0 f04 z z v"),
        ("heartbeat-polling", " g r z g r p d3 r z z v"),
        ("overlap", " g g r v"),
        ("overlap-posts", " g r p p r d4x v"),
        ("abort", " g r s1 g r g x2 v"),
        ("full", "w l s60 s60 m9 m9 t0 v s99 o t0"),
        ("links", "w l L k l f0x B0y C0 v"),
        ("clock", "w l t0 y5 a999999 t0 v"),
        (
            "upgrade-v3",
            "3 g r g w f02probe t0 r S3 f05 t0 v B0\u{4}x q t0 v",
        ),
        ("heartbeat-v3", "3w l t0 f02 f02 t0 f03 v"),
        ("heartbeat-polling-v3", "3i g r p d1:21:22:4x r g r z v"),
        ("binary-v3", "3 g r g s2 S2 r u h\0\u{2}|4x r v"),
        ("close-v3", "3 g r s9 q g r g r v"),
        ("jsonp", "j g r g s5 S5 r p dd=4x%1ebAQ== r v q g r"),
        ("jsonp-v3", "3j g r g s5 S5 r u dd=2:4x1:1 r v"),
        ("rates", "rR g r g p d4x r p d4x r a900 p d4x r p d4x r v"),
        (
            "rates-upgrade",
            "r g r g l f02probe t0 r f05 t0 f04x f04x f04x f04x f04x v",
        ),
        (
            "rates-v3",
            "3wrR l t0 f02 B0\u{4}x a2000 f04x f02 f02 f02 f02 v",
        ),
    ];
    seeds.extend(own.map(|(name, ops)| (name.to_owned(), script(ops))));
    seeds
}

fn client_operations() -> Seeds {
    let bodies = payloads("engine-payloads-v4", "wire")
        .into_iter()
        .map(|(id, body)| (id, "no", body))
        .chain(
            payloads("engine-payloads-v3", "wire_text")
                .into_iter()
                .map(|(id, body)| (id, "no3", body)),
        );
    let mut seeds: Seeds = bodies
        .filter_map(|(id, options, body)| {
            let body = String::from_utf8(body).ok()?;
            let ops = Script::new(options).op("k").op("v");
            let ops = ops.op(&format!("g{body}")).op("v").op("k");
            Some((id, ops.op("z").op("v").finish()))
        })
        .collect();
    let own = [
        ("polling", "no v s5 k S5 m3 p k p k g4x v k q p k v p k"),
        (
            "upgrade",
            "o v k l0 t0 s3 f03probe k g6 v t0 s3 t0 f04x v q t0 v",
        ),
        ("upgrade-busy", "o k l0 t0 s3 k f03probe s3 q g6 p t0 v"),
        ("upgrade-lost", "o k l0 t0 f03probe C0 v k"),
        ("upgrade-wrong", "o k l0 t0 f04x t0 c0 v k"),
        ("upgrade-late", "o k l0 t0 f03probe a10000 t0 v k"),
        (
            "upgrade-both",
            "to k l0 t0 a200 k l1 t1 f03probe t0 g6 t1 v",
        ),
        ("websocket", "w k l0 t0 s9 f0x v"),
        ("try-all", "a k G502 k l0 t0 c0 v k"),
        ("remembered", "r k l0 e0 t0 v"),
        ("heartbeat", "no k z v k p k z k"),
        ("ping", "no k g2 v k p k g6 k z k v"),
        ("silent", "k z v k"),
        ("silent-post", "no k s1 k g2 k z z v k"),
        ("closed", "o k g1 v k t0"),
        ("close-opening", "q k v"),
        ("abort", "no k s1 k s1 Q k Q k v"),
        ("failed", "no k s1 k x1 v k"),
        ("refused", "no k s1 k P413 v k"),
        ("full", "no k s60 s60 m9 m9 k p k v"),
        ("clock", "no k y5 a999999 v k"),
        (
            "upgrade-v3",
            "3o k l0 t0 f03probe g1:6 S3 t0 B0\u{4}x v z t0 f03",
        ),
        (
            "polling-v3",
            "3no k S3 s3 k h\0\u{2}|4x v k z p k g1:3 v q p k",
        ),
    ];
    seeds.extend(own.map(|(name, ops)| (name.to_owned(), script(ops))));
    seeds
}

fn is_v3(path: &Value) -> bool {
    path.as_str().is_some_and(|path| path.contains("EIO=3"))
}

/// Where texts begin.
fn headers() -> Seeds {
    let cases = socket_packets().into_iter();
    cases
        .filter_map(|(id, frames)| match frames.into_iter().next()? {
            Message::Text(text) => Some((id, text.chars().take(10).collect::<String>().into())),
            Message::Binary(_) => None,
        })
        .collect()
}

fn messages() -> Seeds {
    let record = |message| match message {
        Message::Text(text) => text.into_bytes().to_vec(),
        Message::Binary(bytes) => [&[0xfe], &bytes[..]].concat(),
    };
    let input = |frames: Vec<Message>| {
        let records: Vec<Vec<u8>> = frames.into_iter().map(record).collect();
        records.join(&END)
    };
    socket_packets()
        .into_iter()
        .map(|(id, frames)| (id, input(frames)))
        .collect()
}

fn msgpack() -> Seeds {
    let cases = cases("socketio-proto", "msgpack-packets").into_iter();
    cases
        .map(|(id, case)| (id, hex(string(&case["hex"]))))
        .collect()
}

/// The data of packets, binary data as strings.
fn values() -> Seeds {
    fn spelled(value: &Value) -> Value {
        match value {
            Value::Object(members) if members.contains_key("$bin") => "bin:x".into(),
            Value::Object(members) => members
                .iter()
                .map(|(key, value)| (key.clone(), spelled(value)))
                .collect(),
            Value::Array(elements) => elements.iter().map(spelled).collect(),
            other => other.clone(),
        }
    }
    let cases = cases("socketio-proto", "socket-packets-v5").into_iter();
    cases
        .filter_map(|(id, case)| {
            let data = case["packet"]
                .get("data")
                .or(case["packets"][0].get("data"))?;
            Some((id, spelled(data).to_string().into_bytes()))
        })
        .collect()
}

/// Clients of the scenarios; their sockets are accepted and talked to.
fn conversations() -> Seeds {
    let cases = cases("socketio-proto", "socketio-server-scenarios").into_iter();
    let mut seeds: Seeds = cases
        .enumerate()
        .map(|(n, (id, case))| {
            let is_revision_4 = case["server_options"]["allowEIO3"] == true;
            let first = [
                if n % 4 == 3 { "p" } else { "" },
                if is_revision_4 { "4" } else { "" },
            ];
            let mut ops = Script::new(&first.concat()).op("w");
            if is_revision_4 {
                ops = ops.op("l").op("A0");
            }
            for frame in array(&case["client_frames"]) {
                ops = ops.frame("", frame).op("l").op("A0").op("e0k0t500");
            }
            let ops = ops
                .op("ev1")
                .op("w")
                .op("k00")
                .op("c0")
                .op("d1")
                .op("z")
                .op("l");
            (id, ops.finish())
        })
        .collect();
    let own = [
        ("unknown", " f40/nope, l U0 w f40 l A0 w"),
        ("refused-v4", "4 l R0 w f40/a?x=1, l U0 w f40/?y l A0 w f40"),
        (
            "limits-v4",
            "4 l A0 f40/a?x f40/b? f40/c l A0 A1 w f42/a?x,[",
        ),
    ];
    seeds.extend(own.map(|(name, ops)| (name.to_owned(), script(ops))));
    seeds
}

fn lives() -> Seeds {
    let all = [
        (
            "connected",
            r#" o w f40{"sid":"i"} e0k f430[] w f42["a","x"] f421["q"] k01 l d0 w l"#,
        ),
        (
            "namespaces",
            r#" c1 o w f40{"sid":"i"} f40/a,{"sid":"j"} e1k f43/a,0[1] l d1 w f41 w l"#,
        ),
        ("refused", r#" o w f44{"message":"no"} w l c0 o l"#),
        (
            "offline",
            r#" e0 e0k e0kt500 o a600 w f40{"sid":"i"} w X e0 z o w f40{"sid":"i"} w l"#,
        ),
        (
            "retries",
            r#" o f40{"sid":"i"} e0kt9r2 e0kr2 w a10 w a10 w a10 w f433[] l X z o f40{"sid":"i"} w l"#,
        ),
        (
            "recovery",
            r#" o f40{"sid":"i","pid":"p"} f42["a","o"] X z o w f42["b","p"] f40{"sid":"i","pid":"p"} l"#,
        ),
        (
            "asked",
            r#"a o A0 w f40{"sid":"i"} X z o l A0 w f40{"sid":"j"} l"#,
        ),
        (
            "withdrawn",
            r#" o f40{"sid":"i"} c1 d1 c1 f40/a,{"sid":"j"} w f40/a,{"sid":"k"} l"#,
        ),
        (
            "early",
            r#" o f42["a"] f421["b"] f40{"sid":"i"} l k01 f42["c"] l"#,
        ),
        (
            "binary",
            r#" o f40{"sid":"i"} f452-["a",{"_placeholder":true,"num":0}] Bx By l"#,
        ),
        (
            "attachments-late",
            r#" o f40{"sid":"i"} f451-["a"] a30000 l z l"#,
        ),
        ("silent", " a20000 l z o a45000 l z l"),
        ("pings", r#" o f40{"sid":"i"} a25000 f2 w a45000 l e0 z l"#),
        (
            "polling",
            r#"p o p g40{"sid":"i"} e0k p g430[] l d0 p p g6 l"#,
        ),
        ("polling-failing", "p G502 l z P l o G400 z l o p g1 z l"),
        (
            "upgrade",
            r#"b g0{"sid":"S","upgrades":["websocket"],"pingInterval":9000,"pingTimeout":9000,"maxPayload":50} o f3probe g6 w f40{"sid":"i"} l"#,
        ),
        (
            "revision-4",
            "4 o f40 e0k w f430[] c1 c2 w f40/a, f40/b, e2 w f44/a,1 l d0 w",
        ),
        ("revision-4-later", "4 d0 O o f40 c0 l d0 c0 f40 l"),
        ("closing", r#" o f40{"sid":"i"} e0 Q c0 w o w l q w z l"#),
        ("no-reconnection", r#"n o f40{"sid":"i"} X l c0 o l"#),
    ];
    all.map(|(name, ops)| (name.to_owned(), script(ops))).into()
}

fn broadcasts() -> Seeds {
    let all = [
        (
            "rooms",
            "e0 e1 j03 j13 j14 b r0 r1 b b3 b34-4 l03 b3 p9 x0 b",
        ),
        ("answers", "e0 e1 r0 r1 bk500 p9 a0 a0 a1 bk9 p1 u0 t10"),
        ("late", "e0 r0 bk5 p1 t5 a0 bk5 bk6 bk7 p9 a1 x0"),
        ("limits", "e0 j01 j02 j03 j04 j0: r0 j04 j05 l00 j05"),
        ("again", "e0 r0 x0 e0 r1 r0 j02 j12 b2 b0 p9"),
    ];
    all.map(|(name, ops)| (name.to_owned(), script(ops))).into()
}

fn recoveries() -> Seeds {
    let all = [
        ("missed", "c0 b h0 l0 b b0 b-0 d0 c0 h0 b h0"),
        ("twice", "c0 l0 b c0 l0 b c0 h0 l0 c0"),
        ("half-alive", "c0 c1 b c0 b h0 c0 c1 h1"),
        ("late", "c0 b l0 t50000 c0 l0 t50001 c0 b l0 c0"),
        ("bounds", "c0 c1 c2 l0 l1 l2 b bx bx bx b b b b c0 c1 c2"),
        ("on-purpose", "c0 q0 b d0 c0 c0- b h0 l0 c0"),
    ];
    all.map(|(name, ops)| (name.to_owned(), script(ops))).into()
}

fn registrations() -> Seeds {
    let all = [
        ("order", " a0 a0f A Af a0 s0 c09"),
        ("once", " a01 A1 a01f s0 s0 c01 c19 o0 s0 c29"),
        ("change-during-emission", " a0 a0 s0 c01 o0 a0 c09 E e0 c09"),
        ("resolved", " r0 a0 S0 c09 e0 a0 S0 R0 o0 a1 C"),
        ("clone", " a0 a11 s0 x o0 c09 d0 a0 o2"),
        (
            "many",
            " a0 a1 a2 a3 a4 a5 o0 o1 o2 a01 a11 a21 s0 s1 s2 c09 c19 c29 a0",
        ),
    ];
    all.map(|(name, ops)| (name.to_owned(), script(ops))).into()
}

/// Records in the making.
struct Script(Vec<Vec<u8>>);

impl Script {
    fn new(first: &str) -> Self {
        Self(vec![first.into()])
    }

    fn op(mut self, op: &str) -> Self {
        self.0.push(op.into());
        self
    }

    fn frame(mut self, link: &str, frame: &Value) -> Self {
        let (letter, data) = match frame["text"].as_str() {
            Some(text) => ("f", text.into()),
            None => ("B", base64(string(&frame["bin"]))),
        };
        self.0
            .push([letter.as_bytes(), link.as_bytes(), &data].concat());
        self
    }

    fn finish(self) -> Vec<u8> {
        self.0.join(&END)
    }
}

/// Records in one line.
fn script(line: &str) -> Vec<u8> {
    line.replace(' ', "\n")
        .bytes()
        .map(|byte| if byte == b'\n' { END } else { byte })
        .collect()
}

fn socket_packets() -> Vec<(String, Vec<Message>)> {
    let message = |frame: &Value| match frame["text"].as_str() {
        Some(text) => Message::Text(Text::new(text)),
        None => Message::Binary(base64(string(&frame["bin"])).into()),
    };
    let cases = ["socket-packets-v5", "socket-packets-v4"]
        .into_iter()
        .flat_map(|file| cases("socketio-proto", file));
    cases
        .map(|(id, case)| (id, array(&case["frames"]).iter().map(message).collect()))
        .collect()
}

fn cases(package: &str, file: &str) -> Vec<(String, Value)> {
    let path = root().join(format!("../crates/{package}/tests/vectors/{file}.json"));
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    // Half a surrogate pair is no text.
    let text = text.replace(r#" "\ud800""#, r#" "\ufffd""#);
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let cases = array(&json["cases"]).iter();
    cases
        .map(|case| (string(&case["id"]).to_owned(), case.clone()))
        .collect()
}

fn string(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn array(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn base64(data: &str) -> Vec<u8> {
    match Packet::from_frame(Frame::Text(Text::from(format!("b{data}")))) {
        Ok(Packet::Message(Message::Binary(bytes))) => bytes.to_vec(),
        other => panic!("base64: {other:?}"),
    }
}

fn hex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    pairs
        .map(|pair| u8::from_str_radix(&String::from_utf8_lossy(pair), 16).expect("two digits"))
        .collect()
}

fn root() -> PathBuf {
    env!("CARGO_MANIFEST_DIR").into()
}

fn write(target: &str, seeds: Seeds) {
    let corpus = root().join("corpus").join(target);
    let dictionary = root().join(format!("dictionaries/{target}.dict"));
    fs::create_dir_all(&corpus).expect("a directory");
    fs::create_dir_all(dictionary.parent().expect("a directory")).expect("a directory");
    let tokens = tokens(&seeds);
    // libFuzzer takes no empty one.
    if !tokens.is_empty() {
        write_file(&dictionary, tokens.as_bytes());
    }
    let mut shapes = BTreeSet::new();
    for (name, input) in seeds {
        if input.len() <= MAX_LEN && shapes.insert(shape(&input)) {
            write_file(&corpus.join(name), &input);
        }
    }
}

fn write_file(path: &Path, content: &[u8]) {
    fs::write(path, content).unwrap_or_else(|error| panic!("{path:?}: {error}"));
}

/// A word is its first letter, a number one digit, and of equal bytes in a row there is one.
fn shape(input: &[u8]) -> Vec<u8> {
    let mut shape = Vec::new();
    let mut in_word = false;
    for &byte in input {
        let byte = if byte.is_ascii_digit() { b'0' } else { byte };
        let is_inner = in_word && byte.is_ascii_alphabetic();
        if !is_inner && shape.last() != Some(&byte) {
            shape.push(byte);
        }
        in_word = byte.is_ascii_alphabetic();
    }
    shape
}

/// Words and runs of signs that several seeds have, as libFuzzer reads them.
fn tokens(seeds: &Seeds) -> String {
    let mut counts = BTreeMap::<&[u8], usize>::new();
    for (_, input) in seeds {
        let class = |byte: u8| {
            (
                byte.is_ascii_alphabetic() || byte == b'_',
                byte.is_ascii_digit(),
            )
        };
        let tokens: BTreeSet<_> = input.chunk_by(|a, b| class(*a) == class(*b)).collect();
        for token in tokens {
            *counts.entry(token).or_default() += 1;
        }
    }
    let common = counts.into_iter().filter(|(token, count)| {
        *count > 1 && (2..=20).contains(&token.len()) && !token.contains(&END)
    });
    common
        .map(|(token, _)| format!("\"{}\"\n", escaped(token)))
        .collect()
}

fn escaped(token: &[u8]) -> String {
    token
        .iter()
        .map(|byte| match byte {
            b'"' | b'\\' => format!("\\{}", char::from(*byte)),
            b' '..=b'~' => char::from(*byte).to_string(),
            byte => format!("\\x{byte:02X}"),
        })
        .collect()
}
