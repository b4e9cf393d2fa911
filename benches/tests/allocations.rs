//! What must not allocate does not: figures that hold on every machine.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use socketio_benches::{Gauge, Role, rows};

struct Allocations(u64);

impl Gauge for Allocations {
    fn around(&mut self, region: &mut dyn FnMut()) {
        self.0 += allocation_counter::measure(region).count_total;
    }
}

/// Allocations of one operation of ours, once what is kept has grown.
fn allocations(row: &str, way: &str) -> u64 {
    let row = rows::all().map(|(_, row)| row).find(|it| it.name == row);
    let mut contenders = row.expect("a row").contenders.into_iter();
    let ours = contenders.find(|it| matches!(it.role, Role::Ours(name, _) if name == way));
    let mut task = ours.expect("a way of ours").task;
    task.run(2, &mut Allocations(0));
    let mut allocations = Allocations(0);
    task.run(1, &mut allocations);
    allocations.0
}

#[test]
fn reading_without_owning_allocates_nothing() {
    for row in [
        "engine decode, text 1 KiB",
        "payload decode, 256 packets",
        "v3 text payload decode, 13 packets",
        "v3 binary payload decode, 16 packets",
        "header, event",
        "header, event in a namespace, with an id",
        "decode, event",
        "decode, ack",
        "decode, connect",
        "msgpack decode, event",
    ] {
        assert_eq!(allocations(row, "borrowed"), 0, "{row}");
    }
}

#[test]
fn writing_into_a_kept_buffer_allocates_nothing() {
    for row in [
        "engine encode, text 1 KiB",
        "base64 encode, 64 KiB",
        "payload encode, 256 packets",
        "v3 text payload encode, 13 packets",
        "v3 binary payload encode, 16 packets",
        "encode, event",
        "encode, event in a namespace, with an id",
        "encode, ack",
        "encode, connect",
        "encode, 10 KiB event",
        "msgpack encode, event",
        "msgpack encode, ack",
        "msgpack encode, connect",
        "msgpack encode, 10 KiB event",
    ] {
        assert_eq!(allocations(row, "into a kept buffer"), 0, "{row}");
    }
}

#[test]
fn emitting_allocates_nothing() {
    for row in ["emit to 1", "emit to 10", "emit to 1000"] {
        for way in ["event handle", "by name", "by name, Send + Sync"] {
            assert_eq!(allocations(row, way), 0, "{row}, {way}");
        }
    }
}

#[test]
fn a_body_of_256_packets_is_owned_with_few_allocations() {
    assert!(allocations("payload decode, 256 packets", "owned") <= 4);
}

#[test]
fn an_event_on_its_way_out_is_written_once() {
    let row = "emit an event, data to frame";
    assert!(
        allocations(row, "whole session") <= 2,
        "the buffer, and the count of those who share it"
    );
}
