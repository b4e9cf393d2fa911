//! Clients of four other makes against the conformance server, over every transport, and how much they have checked.
//!
//! Each test is a story that some of the clients tell over some of the transports: a script of `js/` or `py/`, run at a server of its own each
//! time. A case is one check of a script, for one client over one transport; [`every_client_has_its_cases`] counts those that have passed.
//!
//! Without Node.js or Python they are skipped, unless `REQUIRE_PEERS=1`. With `REFERENCE=1` they run at the official server instead, which
//! shows what a script gets wrong itself.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Condvar, Mutex, OnceLock};
use support::{Server, node, python, skip};

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Client {
    Version4,
    Version3,
    Version2,
    Python,
}

use Client::{Python, Version2, Version3, Version4};

impl Client {
    const ALL: [Self; 4] = [Version4, Version3, Version2, Python];

    fn name(self) -> &'static str {
        match self {
            Version4 => "socket.io-client 4",
            Version3 => "socket.io-client 3",
            Version2 => "socket.io-client 2",
            Python => "python-socketio 5",
        }
    }

    /// The fewest cases that it must have passed.
    fn floor(self) -> usize {
        match self {
            Version4 => 250,
            Version3 => 200,
            Version2 => 100,
            Python => 100,
        }
    }
}

/// The transports of a client.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Way {
    Polling,
    WebSocket,
    Upgrade,
    Jsonp,
    JsonpUpgrade,
}

use Way::{Jsonp, JsonpUpgrade, Polling, Upgrade, WebSocket};

impl Way {
    const ALL: [Self; 5] = [Polling, WebSocket, Upgrade, Jsonp, JsonpUpgrade];

    fn transports(self) -> &'static [&'static str] {
        match self {
            Polling => &["polling"],
            WebSocket => &["websocket"],
            Upgrade => &["polling", "websocket"],
            Jsonp => &["jsonp"],
            JsonpUpgrade => &["jsonp", "websocket"],
        }
    }
}

/// A check of a script, for one client over one transport. The same check again, with other settings of the server, is the same case.
type Case = (Client, Way, &'static str, String);

enum Trouble {
    /// What the clients run on is not there.
    Missing(String),
    Failed(String),
}

type Outcome = Result<BTreeSet<Case>, Trouble>;

/// Scripts that some clients run over some transports.
struct Story {
    scripts: &'static [&'static str],
    clients: &'static [Client],
    ways: &'static [Way],
    settings: &'static [(&'static str, &'static str)],
    outcome: OnceLock<Outcome>,
}

impl Story {
    const fn new(
        scripts: &'static [&'static str],
        clients: &'static [Client],
        ways: &'static [Way],
        settings: &'static [(&'static str, &'static str)],
    ) -> Self {
        Self {
            scripts,
            clients,
            ways,
            settings,
            outcome: OnceLock::new(),
        }
    }

    /// Tells it, unless that has been done, and gives the cases that have passed.
    fn outcome(&self) -> &Outcome {
        self.outcome.get_or_init(|| self.tell())
    }

    fn tell(&self) -> Outcome {
        let runs = self.scripts.iter().flat_map(|script| {
            let clients = self.clients.iter();
            clients
                .flat_map(move |client| self.ways.iter().map(move |way| (*script, *client, *way)))
        });
        std::thread::scope(|scope| {
            let runs: Vec<_> = runs
                .map(|(script, client, way)| scope.spawn(move || self.run(script, client, way)))
                .collect();
            let mut cases = BTreeSet::new();
            for run in runs {
                match run.join() {
                    Ok(passed) => cases.extend(passed?),
                    Err(_) => return Err(Trouble::Failed("see above".into())),
                }
            }
            Ok(cases)
        })
    }

    fn run(&self, script: &'static str, client: Client, way: Way) -> Result<Vec<Case>, Trouble> {
        let path = if client == Python {
            python().map_err(Trouble::Missing)?;
            format!("py/{script}.py")
        } else {
            node().map_err(Trouble::Missing)?;
            format!("js/{script}.mjs")
        };
        let _turn = Turn::wait();
        let mut environment = self.settings.to_vec();
        if client == Version3 {
            environment.push(("CLIENT", "socket.io-client-3"));
        }
        // The scripts want a list, python-socketio wants arguments.
        let list = way.transports().join(",");
        let arguments = if client == Python {
            way.transports()
        } else {
            &[list.as_str()]
        };
        let server = if std::env::var_os("REFERENCE").is_some() {
            Server::official
        } else {
            Server::conformance
        };
        let passed = support::passed(&path, &mut server(self.settings), arguments, &environment);
        let passed = passed.map_err(|report| {
            Trouble::Failed(format!("{} over {way:?}: {report}", client.name()))
        })?;
        Ok(passed
            .into_iter()
            .map(|check| (client, way, script, check))
            .collect())
    }
}

/// One of the few runs that go on at a time: with more of them, all would get slower than they promise to be.
struct Turn;

static TURNS: (Mutex<usize>, Condvar) = (Mutex::new(4), Condvar::new());

impl Turn {
    fn wait() -> Self {
        let free = TURNS.0.lock().expect("nobody panics with it");
        let mut free = TURNS
            .1
            .wait_while(free, |free| *free == 0)
            .expect("nobody panics with it");
        *free -= 1;
        Self
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        *TURNS.0.lock().expect("nobody panics with it") += 1;
        TURNS.1.notify_one();
    }
}

/// One test for each story, and the list of them.
macro_rules! stories {
    ($(#[test] fn $test:ident() { $scripts:expr, $clients:expr, $ways:expr, $settings:expr })*) => {
        $(
            #[test]
            fn $test() {
                match stories::$test.outcome() {
                    Ok(_) => {}
                    Err(Trouble::Missing(what)) => skip(what),
                    Err(Trouble::Failed(report)) => panic!("{report}"),
                }
            }
        )*

        #[allow(non_upper_case_globals, reason = "each is named as its test")]
        mod stories {
            use super::*;

            $(pub(crate) static $test: Story = Story::new(&$scripts, &$clients, &$ways, &$settings);)*
        }

        static STORIES: &[&Story] = &[$(&stories::$test),*];
    };
}

const HEARTBEAT: [(&str, &str); 2] = [("PING_INTERVAL", "300"), ("PING_TIMEOUT", "1000")];
const OLD: [(&str, &str); 3] = [
    ("EIO3", "1"),
    ("PING_INTERVAL", "300"),
    ("PING_TIMEOUT", "1000"),
];

stories! {
    #[test]
    fn one_conversation_over_every_transport() {
        ["story"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn auth_lets_in_and_keeps_out() {
        ["auth"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn namespaces_share_a_connection() {
        ["namespaces"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn binary_at_any_depth() {
        ["binary"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn acks_both_ways() {
        ["acks"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn rooms_and_broadcasts() {
        ["rooms"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn middleware_and_catch_all() {
        ["middleware"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn fixed_answers() {
        ["fixed-answers"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn volatile_events() {
        ["volatile"], [Version4, Version3], [WebSocket], []
    }

    #[test]
    fn disconnects_with_their_reasons() {
        ["disconnects"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn heartbeats_of_both_sides() {
        ["heartbeat"], [Version4, Version3], [Polling, WebSocket, Upgrade], HEARTBEAT
    }

    #[test]
    fn reconnection_after_a_restart() {
        ["reconnect"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn the_server_is_shut_down() {
        ["shutdown"], [Version4, Version3], [Polling, WebSocket, Upgrade], []
    }

    #[test]
    fn all_of_it_in_messagepack() {
        ["story", "auth", "namespaces", "binary", "acks", "rooms", "middleware", "fixed-answers"],
        [Version4, Version3], [Polling, WebSocket], [("PARSER", "msgpack")]
    }

    #[test]
    fn sessions_are_recovered() {
        ["recovery"], [Version4], [Polling, WebSocket, Upgrade], [("RECOVERY", "3000")]
    }

    #[test]
    fn sessions_are_recovered_that_never_got_an_event() {
        ["recovery"], [Version4], [WebSocket], [("RECOVERY", "3000"), ("EMIT_AUTH", "0")]
    }

    #[test]
    fn sessions_are_recovered_in_messagepack() {
        ["recovery"], [Version4], [WebSocket], [("RECOVERY", "3000"), ("PARSER", "msgpack")]
    }

    #[test]
    fn upgrade_loses_nothing_and_keeps_the_order() {
        ["upgrade"], [Version4], [Upgrade], []
    }

    #[test]
    fn socket_io_2_over_polling() {
        ["eio3"], [Version2], [Polling], OLD
    }

    #[test]
    fn socket_io_2_over_websocket() {
        ["eio3"], [Version2], [WebSocket], OLD
    }

    #[test]
    fn socket_io_2_with_an_upgrade() {
        ["eio3"], [Version2], [Upgrade], OLD
    }

    #[test]
    fn socket_io_2_over_jsonp() {
        ["eio3"], [Version2], [Jsonp], OLD
    }

    #[test]
    fn socket_io_2_over_jsonp_with_an_upgrade() {
        ["eio3"], [Version2], [JsonpUpgrade], OLD
    }

    #[test]
    fn python_over_polling() {
        ["client"], [Python], [Polling], HEARTBEAT
    }

    #[test]
    fn python_over_websocket() {
        ["client"], [Python], [WebSocket], HEARTBEAT
    }

    #[test]
    fn python_with_an_upgrade() {
        ["client"], [Python], [Upgrade], HEARTBEAT
    }
}

/// The fewest cases in all.
const FLOOR: usize = 150;

#[test]
fn every_client_has_its_cases() {
    let mut cases = BTreeSet::new();
    for story in STORIES {
        match story.outcome() {
            Ok(passed) => cases.extend(passed.iter().cloned()),
            Err(Trouble::Missing(what)) => return skip(what),
            Err(Trouble::Failed(report)) => panic!("{report}"),
        }
    }
    let mut counts = BTreeMap::new();
    for (client, way, ..) in &cases {
        *counts.entry((*client, *way)).or_insert(0_usize) += 1;
    }
    // Not by `eprintln!`, which the test harness keeps to itself when a test passes.
    let _ = write!(std::io::stderr(), "{}", table(&counts));
    for client in Client::ALL {
        let passed = total(&counts, client);
        assert!(
            passed >= client.floor(),
            "{}: {passed} cases",
            client.name()
        );
    }
    assert!(cases.len() >= FLOOR, "{} cases", cases.len());
}

fn total(counts: &BTreeMap<(Client, Way), usize>, client: Client) -> usize {
    Way::ALL
        .iter()
        .filter_map(|way| counts.get(&(client, *way)))
        .sum()
}

/// A line for each client, a column for each of the ways that it went, and the sums.
fn table(counts: &BTreeMap<(Client, Way), usize>) -> String {
    let mut lines = format!("{:20}", "cases passed");
    for way in Way::ALL {
        lines += &format!("{:>17}", way.transports().join("+"));
    }
    lines += &format!("{:>6}\n", "all");
    for client in Client::ALL {
        lines += &format!("{:20}", client.name());
        for way in Way::ALL {
            let count = counts.get(&(client, way)).map(ToString::to_string);
            lines += &format!("{:>17}", count.unwrap_or_default());
        }
        lines += &format!("{:>6}\n", total(counts, client));
    }
    lines + &format!("{:20}{:>91}\n", "all", counts.values().sum::<usize>())
}
