//! Who may come in: the [`Admission`] of the core behind a lock, and places that give themselves
//! back.

use crate::clock::Clock;
use crate::sync::lock;
use crate::telemetry;
use engineio_proto::admission::{Admission, AdmissionError, Config, Place};
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

/// The one door of a server.
#[derive(Debug)]
pub(crate) struct Door(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    admission: Mutex<Admission>,
    clock: Clock,
}

impl Door {
    pub(super) fn new(config: Config, clock: Clock) -> Self {
        Self(Arc::new(Inner {
            admission: Mutex::new(Admission::new(config)),
            clock,
        }))
    }

    /// A seat for a handshake from this address.
    pub(super) fn enter(&self, address: Option<IpAddr>) -> Result<Seat, AdmissionError> {
        let now = self.0.clock.now();
        let place = lock(&self.0.admission).admit(address, now)?;
        if place.is_overlooked() {
            telemetry::limit_hit("max_addresses");
        }
        Ok(Seat {
            door: Arc::clone(&self.0),
            place: Some(place),
        })
    }
}

/// The place of a session, or of a handshake that may become one. Given back when it is dropped,
/// wherever a handshake ends: refused, given up by its client, or by a shutdown.
#[derive(Debug)]
pub(crate) struct Seat {
    door: Arc<Inner>,
    /// Taken by the drop.
    place: Option<Place>,
}

impl Drop for Seat {
    fn drop(&mut self) {
        if let Some(place) = self.place.take() {
            let now = self.door.clock.now();
            lock(&self.door.admission).leave(place, now);
        }
    }
}
