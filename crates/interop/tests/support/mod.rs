//! Servers and scripts as child processes.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

/// Whether what is missing on this machine fails a test instead of skipping it.
fn peers_are_required() -> bool {
    std::env::var_os("REQUIRE_PEERS").is_some_and(|value| value == "1")
}

/// Says why a test is skipped, or fails where peers are required.
pub(crate) fn skip(why: &str) {
    assert!(!peers_are_required(), "{why}, and REQUIRE_PEERS=1");
    // Not by `eprintln!`, which the test harness keeps to itself when a test passes.
    let _ = writeln!(std::io::stderr(), "skipped: {why}");
}

/// The directory of this package, where `js/` and `node_modules/` are.
pub(crate) fn package() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Installs the pinned npm packages, once. `Err` says why the tests that need them have to be
/// skipped.
pub(crate) fn node() -> Result<(), String> {
    static INSTALLED: OnceLock<Result<(), String>> = OnceLock::new();
    INSTALLED.get_or_init(install).clone()
}

fn install() -> Result<(), String> {
    let version = Command::new("node").arg("--version").output();
    if !version.is_ok_and(|output| output.status.success()) {
        return Err("Node.js is not installed".into());
    }
    if is_installed() {
        return Ok(());
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"]);
    npm.current_dir(package());
    run_to_end("npm ci", npm)
}

/// npm leaves a list of what it has installed, which is as new as the installation.
fn is_installed() -> bool {
    let changed = |path: PathBuf| path.metadata().and_then(|file| file.modified()).ok();
    let installed = changed(package().join("node_modules/.package-lock.json"));
    installed.is_some() && installed >= changed(package().join("package-lock.json"))
}

/// Installs the pinned Python packages, once, and gives the interpreter that finds them. `Err` says
/// why the tests that need them have to be skipped.
pub(crate) fn python() -> Result<PathBuf, String> {
    static INSTALLED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    INSTALLED.get_or_init(install_python).clone()
}

fn install_python() -> Result<PathBuf, String> {
    let environment = package().join(".venv");
    let interpreter = environment.join("bin/python");
    let wanted = package().join("py/requirements.txt");
    // A copy of the list is left when all of it is there.
    let installed = environment.join("requirements.txt");
    let read = |path: &Path| std::fs::read(path).ok();
    if read(&installed).is_some() && read(&installed) == read(&wanted) {
        return Ok(interpreter);
    }
    let mut make = Command::new("python3");
    make.args(["-m", "venv", "--clear"]).arg(&environment);
    run_to_end("python3 -m venv", make)?;
    let mut pip = Command::new(&interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"]);
    pip.args(["--disable-pip-version-check", "--requirement"]);
    pip.arg(&wanted);
    run_to_end("pip install", pip)?;
    std::fs::copy(&wanted, &installed).map_err(|error| error.to_string())?;
    Ok(interpreter)
}

fn run_to_end(name: &str, mut command: Command) -> Result<(), String> {
    match command.stdin(Stdio::null()).output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!(
            "{name} has failed: {}",
            String::from_utf8_lossy(&output.stderr)
        )),
        Err(error) => Err(format!("{name} can't be run: {error}")),
    }
}

/// A browser for the tests that need one.
pub(crate) fn chromium() -> Option<PathBuf> {
    let candidates = [
        "/usr/bin/chromium",
        "/usr/bin/chromium-browser",
        "/usr/bin/google-chrome",
    ];
    let named = std::env::var_os("CHROMIUM").map(PathBuf::from);
    named
        .into_iter()
        .chain(candidates.map(PathBuf::from))
        .find(|path| path.exists())
}

/// A server in a process of its own, ended with the test.
pub(crate) struct Server {
    child: Child,
    program: PathBuf,
    settings: Vec<(String, String)>,
    pub(crate) port: u16,
    /// Kept open, since a server that can't print any more may fail.
    _output: BufReader<ChildStdout>,
}

impl Server {
    /// The conformance server, on a free port.
    pub(crate) fn conformance(settings: &[(&str, &str)]) -> Self {
        Self::start(
            Path::new(env!("CARGO_BIN_EXE_conformance-server")),
            settings,
        )
    }

    /// The official server with the same behaviour, on a free port.
    pub(crate) fn official(settings: &[(&str, &str)]) -> Self {
        Self::start(&package().join("js/reference-server.mjs"), settings)
    }

    /// A server of Socket.IO 2, on a free port.
    pub(crate) fn version_2() -> Self {
        Self::start(&package().join("js/server-2.mjs"), &[])
    }

    /// A server of python-socketio, on a free port.
    pub(crate) fn python() -> Self {
        Self::start(&package().join("py/server.py"), &[])
    }

    /// The chat example, on a free port. Cargo builds it along with the tests of its package.
    pub(crate) fn chat() -> Option<Self> {
        let mut path = PathBuf::from(env!("CARGO_BIN_EXE_conformance-server"));
        path.pop();
        path.push("examples/chat");
        path.exists().then(|| Self::start(&path, &[]))
    }

    /// Starts a program that tells its port at the end of the first line that it prints.
    fn start(program: &Path, settings: &[(&str, &str)]) -> Self {
        let settings: Vec<(String, String)> = settings
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let (child, output, port) = launch(program, &settings, 0);
        Self {
            child,
            program: program.to_owned(),
            settings,
            port,
            _output: output,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Does what a script or scenario asks for by a cue.
    pub(crate) fn obey(&mut self, cue: &str) {
        match cue {
            "restart" => self.restart(),
            "kill" => self.kill(),
            "start" => self.begin_again(),
            "freeze" => self.signal("-STOP"),
            "thaw" => self.signal("-CONT"),
            "terminate" => {
                self.signal("-TERM");
                let status = self.child.wait();
                assert!(
                    status.is_ok_and(|status| status.success()),
                    "it does not end well"
                );
            }
            other => panic!("unknown cue {other:?}"),
        }
    }

    /// Kills it and starts it again on the same port.
    pub(crate) fn restart(&mut self) {
        self.kill();
        self.begin_again();
    }

    fn begin_again(&mut self) {
        let (child, output, _) = launch(&self.program, &self.settings, self.port);
        self.child = child;
        self._output = output;
    }

    fn signal(&self, signal: &str) {
        let sent = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(
            sent.is_ok_and(|status| status.success()),
            "no {signal} sent"
        );
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

fn launch(
    program: &Path,
    settings: &[(String, String)],
    port: u16,
) -> (Child, BufReader<ChildStdout>, u16) {
    let mut command = command(program);
    let mut child = command
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .env("PORT", port.to_string())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} does not start: {error}", program.display()));
    let mut output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut line = String::new();
    output.read_line(&mut line).expect("it tells its port");
    let digits = line
        .trim_end()
        .rsplit([' ', ':'])
        .next()
        .unwrap_or_default();
    let port = digits
        .parse()
        .unwrap_or_else(|_| panic!("no port in {line:?}"));
    TcpStream::connect_timeout(&([127, 0, 0, 1], port).into(), Duration::from_secs(5))
        .expect("it listens");
    (child, output, port)
}

/// What runs a program: itself, or an interpreter.
fn command(program: &Path) -> Command {
    let interpreter = match program.extension().and_then(OsStr::to_str) {
        Some("mjs") => PathBuf::from("node"),
        Some("py") => package().join(".venv/bin/python"),
        _ => return Command::new(program),
    };
    let mut command = Command::new(interpreter);
    command.arg(program);
    command
}

/// Runs `js/<name>.mjs` against the server.
///
/// # Panics
/// If one of the script's checks fails: its report is part of the message.
pub(crate) fn run(
    name: &str,
    server: &mut Server,
    arguments: &[&str],
    environment: &[(&str, &str)],
) {
    let result = passed(&format!("js/{name}.mjs"), server, arguments, environment);
    result.unwrap_or_else(|report| panic!("{report}"));
}

/// Runs a script of this package against the server, does with the server what the script asks for,
/// and gives the names of the checks that have passed, or the report of the script that failed.
pub(crate) fn passed(
    path: &str,
    server: &mut Server,
    arguments: &[&str],
    environment: &[(&str, &str)],
) -> Result<Vec<String>, String> {
    let mut script = command(&package().join(path))
        .arg(server.url())
        .args(arguments)
        .envs(environment.iter().copied())
        .current_dir(package())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("its interpreter runs");
    let mut report = String::new();
    let mut checks = Vec::new();
    let mut is_done = false;
    let output = BufReader::new(script.stdout.take().expect("its output is piped"));
    for text in output.lines().map_while(Result::ok) {
        let line: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        if let Some(cue) = line["cue"].as_str() {
            server.obey(cue);
        }
        if let (Some(check), true) = (line["check"].as_str(), line["ok"] == true) {
            checks.push(check.to_owned());
        }
        is_done |= line["done"] == true;
        report.push_str(&text);
        report.push('\n');
    }
    let end = script.wait_with_output().expect("it ends");
    if end.status.success() && is_done {
        return Ok(checks);
    }
    let complaint = String::from_utf8_lossy(&end.stderr);
    Err(format!("{path} has failed:\n{report}{complaint}"))
}

/// Runs a program that prints JSON, one value a line, and hands each out as it comes.
pub(crate) fn lines(
    mut program: Command,
    mut each: impl FnMut(&serde_json::Value),
) -> Vec<serde_json::Value> {
    let mut child = program
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the program runs");
    let output = BufReader::new(child.stdout.take().expect("its output is piped"));
    let mut lines = Vec::new();
    for line in output.lines().map_while(Result::ok) {
        let line = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        each(&line);
        lines.push(line);
    }
    let _ = child.wait();
    lines
}
