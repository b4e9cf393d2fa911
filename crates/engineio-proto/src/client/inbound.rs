//! Packets of the server.
//!
//! | packet | while opening | later |
//! | --- | --- | --- |
//! | open | the session is open | ignored |
//! | message | error: the open packet comes first | event |
//! | ping, pong | the same | [heartbeat](super::heartbeat) |
//! | close | the same | polling: the session ends; framed: ignored, the link itself is closed |
//! | upgrade, noop | the same | ignored |
//! | anything else | error | error |
//!
//! What stands before an error was delivered, what follows it is dropped.

use super::{Event, Session, State, Timer, TransportError};
use crate::{
    CloseReason, DecodeError, Frame, Packet, Transport, Version,
    payload::{self, Encoding},
};
use bytes::Bytes;

impl Session {
    /// The body of a response to a GET.
    pub(super) fn receive_body(&mut self, body: &Bytes) {
        match self.receive_packets(body) {
            Err(error) => self.fail(TransportError::Server(error)),
            Ok(brought_something) if !brought_something && self.is_live() => {
                self.timers
                    .set(Timer::Rest, self.now + self.config.noop_delay);
            }
            Ok(_) => {}
        }
    }

    /// A frame of the link that carries the session.
    pub(super) fn receive_frame(&mut self, frame: Frame) {
        let received = self.check_len(frame.len()).and_then(|()| {
            let packet = match self.config.version {
                Version::V4 => Packet::from_frame(frame)?,
                Version::V3 => Packet::from_frame_v3(frame)?,
            };
            self.receive(packet)
        });
        if let Err(error) = received {
            self.fail(TransportError::Server(error));
        }
    }

    pub(super) fn check_len(&self, len: usize) -> Result<(), DecodeError> {
        let max = self.config.max_payload;
        if len > max {
            let (len, max) = (len as u64, max as u64);
            return Err(DecodeError::TooLarge { len, max });
        }
        Ok(())
    }

    /// Was there anything but noops?
    fn receive_packets(&mut self, body: &Bytes) -> Result<bool, DecodeError> {
        self.check_len(body.len())?;
        let encoding = match (self.config.version, body.first()) {
            (Version::V4, _) => Encoding::V4,
            // Text begins with a digit, bytes with a kind of packet.
            (Version::V3, Some(0 | 1)) => Encoding::V3Binary,
            (Version::V3, _) => Encoding::V3Text,
        };
        let max = self.config.max_packets;
        let mut brought_something = false;
        for (index, packet) in payload::decode(encoding, body).enumerate() {
            if index == max {
                return Err(DecodeError::TooMany { max });
            }
            let packet = packet?;
            brought_something |= packet != Packet::Noop;
            self.receive(packet)?;
            if self.state != State::Opening && !self.is_live() {
                break;
            }
        }
        if self.state == State::Opening {
            // A body without packets.
            return Err(DecodeError::Open);
        }
        Ok(brought_something)
    }

    fn receive(&mut self, packet: Packet) -> Result<(), DecodeError> {
        if self.state == State::Opening {
            let Packet::Open(open) = packet else {
                return Err(DecodeError::Open);
            };
            return self.opened(open);
        }
        self.heard();
        match packet {
            Packet::Message(message) => self.events.push(Event::Message(message)),
            Packet::Ping(_) => self.pinged(),
            Packet::Pong(_) => self.ponged(),
            Packet::Close if self.transport == Transport::Polling => {
                self.end(CloseReason::TransportClose, None);
            }
            Packet::Close | Packet::Open(_) | Packet::Upgrade | Packet::Noop => {}
        }
        Ok(())
    }
}
