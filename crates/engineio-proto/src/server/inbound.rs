//! Packets of the client.
//!
//! | packet | polling | framed |
//! | --- | --- | --- |
//! | message | event | event |
//! | ping, `2probe` | protocol 4: close, a client does not ping; 3: heartbeat, answered `3` | the same |
//! | pong | protocol 4: heartbeat; 3: close | the same |
//! | close | close, the rest of the body is ignored | ignored: the link itself is closed |
//! | open, upgrade, noop | ignored | ignored |
//! | anything else | close: parse error | the same |

use super::{Event, Heartbeat, Session, State};
use crate::{
    CloseReason, DecodeError, Frame, Instant, Message, PacketRef, Text, Transport, Version,
    packet::base64,
    payload::{Encoding, v3_binary, v3_text, v4},
};
use bytes::Bytes;

impl Session {
    pub(super) fn receive_frame(&mut self, frame: Frame, now: Instant) {
        let received = match frame {
            // The usual form is taken as it is.
            Frame::Binary(bytes) if self.version() == Version::V4 => {
                self.heard(now);
                self.events.push(Event::Message(Message::Binary(bytes)));
                Ok(())
            }
            frame => self
                .dialect
                .view(&frame)
                .and_then(|packet| self.receive_packet(&frame, packet, now)),
        };
        if let Err(error) = received {
            self.terminate(CloseReason::Parse(error), now);
        }
    }

    /// The body of a POST. What stands before an error is delivered.
    pub(super) fn receive_body(&mut self, encoding: Encoding, body: Bytes, now: Instant) {
        if !self.keeps_pace(body.len(), now) {
            return;
        }
        if let Err(error) = self.receive_packets(encoding, body, now) {
            // A closing session does not mind what it ignores.
            if self.state == State::Open {
                self.terminate(CloseReason::Parse(error), now);
            }
        }
    }

    fn receive_packets(
        &mut self,
        encoding: Encoding,
        body: Bytes,
        now: Instant,
    ) -> Result<(), DecodeError> {
        let Some((encoding, source)) = self.dialect.open_body(encoding, body)? else {
            return Ok(());
        };
        match (encoding, &source) {
            (Encoding::V3Text, Frame::Text(text)) => {
                self.receive_all(&source, v3_text::packets(text), now)
            }
            (_, Frame::Text(text)) => self.receive_all(&source, v4::packets(text), now),
            (_, Frame::Binary(bytes)) => self.receive_all(&source, v3_binary::packets(bytes), now),
        }
    }

    fn receive_all<'a>(
        &mut self,
        source: &'a Frame,
        packets: impl Iterator<Item = Result<PacketRef<'a>, DecodeError>>,
        now: Instant,
    ) -> Result<(), DecodeError> {
        let max = self.config.max_packets;
        for (index, packet) in packets.enumerate() {
            if index == max {
                return Err(DecodeError::TooMany { max });
            }
            // The first was counted with the body.
            if index > 0 && !self.keeps_pace(0, now) {
                break;
            }
            self.receive_packet(source, packet?, now)?;
            if self.state == State::Closed {
                break;
            }
        }
        Ok(())
    }

    /// `packet` is a view into `source`, a frame or a whole body.
    fn receive_packet(
        &mut self,
        source: &Frame,
        packet: PacketRef<'_>,
        now: Instant,
    ) -> Result<(), DecodeError> {
        let is_polling = self.transport == Transport::Polling;
        if self.state != State::Open {
            // A closing session hears nothing but the end.
            if packet == PacketRef::Close && is_polling {
                self.terminate_with(CloseReason::TransportClose, "6", now);
            }
            return Ok(());
        }
        if !matches!(packet, PacketRef::Pong(_)) {
            self.heard(now);
        }
        let message = match packet {
            PacketRef::Text(text) => Message::Text(slice_text(source, text)),
            PacketRef::Base64(data) => Message::Binary(base64::decode(data)?),
            PacketRef::Binary(bytes) => Message::Binary(slice_bytes(source, bytes)),
            PacketRef::Ping(_) | PacketRef::Pong(_) => {
                self.beat(packet, now);
                return Ok(());
            }
            PacketRef::Close if is_polling => {
                self.terminate_with(CloseReason::TransportClose, "6", now);
                return Ok(());
            }
            PacketRef::Close | PacketRef::Open(_) | PacketRef::Upgrade | PacketRef::Noop => {
                return Ok(());
            }
        };
        self.events.push(Event::Message(message));
        Ok(())
    }

    /// A ping or pong.
    fn beat(&mut self, packet: PacketRef<'_>, now: Instant) {
        match (self.version(), packet) {
            (Version::V4, PacketRef::Pong(_)) => {
                Heartbeat::ponged(&mut self.timers, &self.config, now);
            }
            (Version::V3, PacketRef::Ping(_)) => {
                Heartbeat::ping_came(&mut self.timers, &self.config, now);
                self.outbox.push_pong();
            }
            _ => self.terminate(CloseReason::TransportError, now),
        }
    }

    fn heard(&mut self, now: Instant) {
        self.heartbeat.heard(&mut self.timers, &self.config, now);
    }
}

/// A handle on a part of the text, without a copy.
fn slice_text(source: &Frame, part: &str) -> Text {
    match source {
        Frame::Text(text) => text.slice_ref(part),
        // A text element of a binary body, which was found to be UTF-8: the default is never taken.
        Frame::Binary(bytes) => {
            Text::try_from(bytes.slice_ref(part.as_bytes())).unwrap_or_default()
        }
    }
}

/// The same for bytes, which no text holds.
fn slice_bytes(source: &Frame, part: &[u8]) -> Bytes {
    match source {
        Frame::Text(_) => Bytes::copy_from_slice(part),
        Frame::Binary(bytes) => bytes.slice_ref(part),
    }
}
