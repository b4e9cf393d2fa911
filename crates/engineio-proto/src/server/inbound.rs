//! Packets of the client.
//!
//! | packet | polling | framed |
//! | --- | --- | --- |
//! | message | event | event |
//! | pong | heartbeat | heartbeat |
//! | ping, `2probe` | close: a client does not ping | the same |
//! | close | close, the rest of the body is ignored | ignored: the link itself is closed |
//! | open, upgrade, noop | ignored | ignored |
//! | anything else | close: parse error | the same |

use super::{Event, Heartbeat, Session, State};
use crate::{
    CloseReason, DecodeError, Frame, Instant, Message, PacketRef, Text, Transport, packet::base64,
    payload::v4,
};
use bytes::Bytes;

impl Session {
    pub(super) fn receive_frame(&mut self, frame: Frame, now: Instant) {
        let received = match frame {
            Frame::Binary(bytes) => {
                self.heard(now);
                self.events.push(Event::Message(Message::Binary(bytes)));
                Ok(())
            }
            Frame::Text(text) => PacketRef::from_text(&text)
                .and_then(|packet| self.receive_packet(&text, packet, now)),
        };
        if let Err(error) = received {
            self.terminate(CloseReason::Parse(error), now);
        }
    }

    /// The body of a POST. What stands before an error is delivered.
    pub(super) fn receive_body(&mut self, body: &Bytes, now: Instant) {
        if let Err(error) = self.receive_packets(body, now) {
            // A closing session does not mind what it ignores.
            if self.state == State::Open {
                self.terminate(CloseReason::Parse(error), now);
            }
        }
    }

    fn receive_packets(&mut self, body: &Bytes, now: Instant) -> Result<(), DecodeError> {
        let text = Text::try_from(body.clone()).map_err(|_| DecodeError::Utf8)?;
        let max = self.config.max_packets;
        for (index, packet) in v4::packets(&text).enumerate() {
            if index == max {
                return Err(DecodeError::TooMany { max });
            }
            self.receive_packet(&text, packet?, now)?;
            if self.state == State::Closed {
                break;
            }
        }
        Ok(())
    }

    /// `packet` is a view into `source`.
    fn receive_packet(
        &mut self,
        source: &Text,
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
            PacketRef::Text(text) => Message::Text(source.slice_ref(text)),
            PacketRef::Base64(data) => Message::Binary(base64::decode(data)?),
            PacketRef::Binary(bytes) => Message::Binary(Bytes::copy_from_slice(bytes)),
            PacketRef::Pong(_) => {
                Heartbeat::ponged(&mut self.timers, &self.config, now);
                return Ok(());
            }
            PacketRef::Ping(_) => {
                self.terminate(CloseReason::TransportError, now);
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

    fn heard(&mut self, now: Instant) {
        self.heartbeat.heard(&mut self.timers, &self.config, now);
    }
}
