//! One connection's messages to packets: a text, then the attachments that it announces.

use super::{Kind, PacketRef, scan};
use crate::packet::Revision;
use crate::parser::{Decoder, Limits};
use crate::{AckId, Body, DecodeError, Message, Namespace, Packet, Payload, Text};
use alloc::vec::Vec;
use bytes::Bytes;

#[derive(Debug)]
pub(super) struct JsonDecoder {
    revision: Revision,
    limits: Limits,
    pending: Option<Pending>,
}

/// A packet whose attachments are on their way.
#[derive(Debug)]
struct Pending {
    namespace: Namespace,
    /// `None` for an acknowledgement without an id.
    body: Option<Body>,
    attachments: Vec<Bytes>,
    missing: usize,
    /// How many bytes the packet may still grow by.
    room: usize,
}

impl JsonDecoder {
    pub(super) fn new(revision: Revision, limits: Limits) -> Self {
        Self {
            revision,
            limits,
            pending: None,
        }
    }

    /// Only called while no packet waits for attachments.
    fn text(&mut self, text: Text) -> Result<Option<Packet>, DecodeError> {
        let Limits {
            max_attachments,
            max_bytes,
            max_namespace,
            ..
        } = self.limits;
        let room = max_bytes.checked_sub(text.as_str().len());
        let room = room.ok_or(DecodeError::Limit { what: "bytes" })?;
        let header = PacketRef::parse(text.as_str())?;
        let missing = usize::try_from(header.attachments).unwrap_or(usize::MAX);
        if missing > max_attachments {
            return Err(DecodeError::Limit {
                what: "attachments",
            });
        }
        if header.namespace.len() > max_namespace {
            return Err(DecodeError::Limit { what: "namespace" });
        }
        let namespace = match header.namespace {
            "/" => Namespace::root(),
            name => Namespace::new(text.slice_ref(name)).ok_or(DecodeError::Payload)?,
        };
        let (kind, id) = (header.kind, header.id);
        let data_start = text.as_str().len() - header.data.len();
        let body = self.body(kind, id, missing, text.slice_from(data_start))?;
        if missing == 0 {
            return Ok(body.map(|body| Packet { namespace, body }));
        }
        // Only announced so far: a generous limit must not turn into memory.
        let attachments = Vec::with_capacity(missing.min(16));
        self.pending = Some(Pending {
            namespace,
            body,
            attachments,
            missing,
            room,
        });
        Ok(None)
    }

    /// Checks the shape that the kind of packet asks for, as far as the first characters and the
    /// event name tell.
    #[inline]
    fn body(
        &self,
        kind: Kind,
        id: Option<AckId>,
        attachments: usize,
        data: Text,
    ) -> Result<Option<Body>, DecodeError> {
        Ok(Some(match kind {
            Kind::Event => Body::Event {
                id,
                payload: Payload::from_event_text(data, self.limits.max_event)?,
            },
            Kind::Ack => {
                let data = if data.is_empty() {
                    Text::from("[]")
                } else {
                    data
                };
                let Some(id) = id else {
                    // Nobody will look at it again.
                    let placeholders = Some(attachments).filter(|&count| count > 0);
                    scan::check(data.as_str(), self.limits.max_depth, placeholders)?;
                    Payload::from_list_text(data)?;
                    return Ok(None);
                };
                Body::Ack {
                    id,
                    payload: Payload::from_list_text(data)?,
                }
            }
            Kind::Connect if data.is_empty() => Body::Connect(None),
            Kind::Connect if data.starts_with('{') => {
                Body::Connect(Some(Payload::from_value_text(data)))
            }
            Kind::Disconnect if data.is_empty() => Body::Disconnect,
            Kind::ConnectError if data.is_empty() => {
                Body::ConnectError(Payload::from_value_text(Text::from("null")))
            }
            Kind::ConnectError if self.revision == Revision::V4 || data.starts_with(['{', '"']) => {
                Body::ConnectError(Payload::from_value_text(data))
            }
            Kind::Connect | Kind::Disconnect | Kind::ConnectError => {
                return Err(DecodeError::Payload);
            }
        }))
    }

    /// The next attachment of the packet that waits for it.
    fn attachment(&mut self, bytes: Bytes) -> Result<Option<Packet>, DecodeError> {
        let Some(pending) = &mut self.pending else {
            return Err(DecodeError::UnexpectedBinary);
        };
        let Some(room) = pending.room.checked_sub(bytes.len()) else {
            self.pending = None;
            return Err(DecodeError::Limit { what: "bytes" });
        };
        pending.room = room;
        let is_small = bytes.len() < self.limits.copy_below;
        pending.attachments.push(if is_small {
            Bytes::copy_from_slice(&bytes)
        } else {
            bytes
        });
        pending.missing -= 1;
        if pending.missing > 0 {
            return Ok(None);
        }
        Ok(self.pending.take().and_then(Pending::into_packet))
    }
}

impl Pending {
    fn into_packet(self) -> Option<Packet> {
        let Self {
            namespace,
            mut body,
            attachments,
            ..
        } = self;
        if let Some(Body::Event { payload, .. } | Body::Ack { payload, .. }) = &mut body {
            payload.attach(attachments);
        }
        body.map(|body| Packet { namespace, body })
    }
}

impl Decoder for JsonDecoder {
    fn push(&mut self, message: Message) -> Result<Option<Packet>, DecodeError> {
        match message {
            Message::Binary(bytes) => self.attachment(bytes),
            Message::Text(text) => match self.pending {
                None => self.text(text),
                Some(Pending { missing, .. }) => {
                    self.pending = None;
                    Err(DecodeError::UnexpectedText { missing })
                }
            },
        }
    }

    fn is_idle(&self) -> bool {
        self.pending.is_none()
    }
}
