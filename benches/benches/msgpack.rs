//! See `socketio_benches::rows`.

mod run;

fn main() {
    run::group("msgpack");
}
