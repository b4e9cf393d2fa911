//! What a socket sends, and what it waits for in return.

use super::Membership;
use crate::client::engine::Context;
use crate::client::event::AckName;
use crate::client::outbox;
use crate::client::retry::Over;
use crate::client::{AckToken, Emit, Event};
use crate::{AckError, AckId, Body, EmitError, Payload};
use core::time::Duration;

impl Membership {
    pub(in crate::client) fn emit(
        &mut self,
        payload: Payload,
        how: Emit,
        cx: &mut Context<'_>,
    ) -> Result<Option<AckToken>, EmitError> {
        let retries = how.retries.or(self.options.retries).or(cx.config.retries);
        let timeout = how
            .timeout
            .or(self.options.ack_timeout)
            .or(cx.config.ack_timeout);
        match retries {
            Some(retries @ 1..) if !how.volatile => {
                self.emit_with_retries(payload, retries, timeout, how.ack, cx)
            }
            _ => self.emit_once(payload, how, timeout, cx),
        }
    }

    pub(in crate::client) fn ack(
        &mut self,
        id: AckId,
        payload: Payload,
        cx: &mut Context<'_>,
    ) -> Result<(), EmitError> {
        if !self.is_connected() {
            return Err(EmitError::NotConnected);
        }
        if !self.answers.is_owed(id) {
            return Err(EmitError::NotAsked);
        }
        let encoded = cx.encode(&self.namespace, Body::Ack { id, payload })?;
        cx.engine.send(&encoded).map_err(|_| EmitError::Full)?;
        self.answers.settle(id);
        Ok(())
    }

    pub(in crate::client) fn cancel_ack(&mut self, name: AckName) {
        match name {
            AckName::Sent(id) => {
                self.acks.remove(id);
            }
            AckName::Queued(number) => self.retry.cancel(number),
        }
    }

    /// Sends what waits, as far as the engine has room.
    pub(in crate::client) fn flush(&mut self, cx: &mut Context<'_>) {
        if !self.is_connected() {
            return;
        }
        while self
            .outbox
            .pass_first(|encoded| cx.engine.send(encoded).is_ok())
        {}
        if self.outbox.is_empty() {
            self.transmit_first(cx);
        }
    }

    /// An answer of the server. One that nobody waits for is ignored.
    pub(in crate::client) fn handle_ack(
        &mut self,
        id: AckId,
        payload: Payload,
        cx: &mut Context<'_>,
    ) {
        if self.acks.remove(id).is_some() {
            self.acked(AckName::Sent(id), Ok(payload), cx);
        } else if let Some(over) = self.retry.handle_ack(id) {
            self.retried(over, Ok(payload), cx);
        }
    }

    /// Ends the waiting for acknowledgements that are overdue. The event of one that was not
    /// sent yet is not sent any more.
    pub(in crate::client) fn handle_timeout(&mut self, cx: &mut Context<'_>) {
        while let Some((id, place)) = self.acks.expire(cx.now) {
            self.outbox.remove(place);
            self.acked(AckName::Sent(id), Err(AckError::Timeout), cx);
        }
        if let Some(over) = self.retry.handle_timeout(cx.now) {
            self.retried(over, Err(AckError::Timeout), cx);
        }
    }

    pub(super) fn acked(
        &self,
        name: AckName,
        result: Result<Payload, AckError>,
        cx: &mut Context<'_>,
    ) {
        let token = self.token(name);
        cx.tell(Event::Acked { token, result });
    }

    pub(super) fn retried(
        &self,
        over: Over,
        result: Result<Payload, AckError>,
        cx: &mut Context<'_>,
    ) {
        if let Some(number) = over {
            self.acked(AckName::Queued(number), result, cx);
        }
    }

    pub(super) fn token(&self, name: AckName) -> AckToken {
        AckToken {
            socket: self.socket,
            name,
        }
    }

    fn emit_once(
        &mut self,
        payload: Payload,
        how: Emit,
        timeout: Option<Duration>,
        cx: &mut Context<'_>,
    ) -> Result<Option<AckToken>, EmitError> {
        self.may_wait(how.ack, cx)?;
        if how.volatile && !cx.engine.is_writable() {
            return Err(EmitError::Dropped);
        }
        let id = how.ack.then_some(AckId(self.next_ack));
        let encoded = cx.encode(&self.namespace, Body::Event { id, payload })?;
        let size = outbox::size(&encoded);
        if !cx.engine.is_sendable(&encoded, size) {
            return Err(EmitError::Full);
        }
        let place = self.next_place;
        let is_sent =
            self.is_connected() && self.outbox.is_empty() && cx.engine.send(&encoded).is_ok();
        if !is_sent {
            self.may_keep(size, cx)?;
            self.outbox.push(place, encoded);
        }
        self.next_place += 1;
        Ok(id.map(|id| {
            self.next_ack = self.next_ack.wrapping_add(1);
            let deadline = timeout.map(|timeout| cx.now + timeout);
            self.acks.insert(id, place, deadline);
            self.token(AckName::Sent(id))
        }))
    }

    fn emit_with_retries(
        &mut self,
        payload: Payload,
        retries: u32,
        timeout: Option<Duration>,
        is_awaited: bool,
        cx: &Context<'_>,
    ) -> Result<Option<AckToken>, EmitError> {
        // Written to see that it can be, and how large it is. Each transmission has its own id.
        let id = Some(AckId(u64::MAX));
        let body = Body::Event {
            id,
            payload: payload.clone(),
        };
        let encoded = cx.encode(&self.namespace, body)?;
        let size = outbox::size(&encoded);
        if !cx.engine.is_sendable(&encoded, size) {
            return Err(EmitError::Full);
        }
        self.may_keep(size, cx)?;
        let number = self.retry.push(payload, size, timeout, retries, is_awaited);
        Ok(is_awaited.then(|| self.token(AckName::Queued(number))))
    }

    /// Sends the first event with retries, if it is its turn.
    fn transmit_first(&mut self, cx: &mut Context<'_>) {
        let Some(payload) = self.retry.due() else {
            return;
        };
        let id = AckId(self.next_ack);
        let body = Body::Event {
            id: Some(id),
            payload: payload.clone(),
        };
        // It could be written before.
        let Ok(encoded) = cx.encode(&self.namespace, body) else {
            return;
        };
        if cx.engine.send(&encoded).is_ok() {
            self.next_ack = self.next_ack.wrapping_add(1);
            self.retry.sent(id, cx.now);
        }
    }

    fn may_wait(&self, wants_ack: bool, cx: &Context<'_>) -> Result<(), EmitError> {
        if wants_ack && self.acks.len() >= cx.config.max_pending_acks {
            Err(EmitError::TooManyAcks)
        } else {
            Ok(())
        }
    }

    fn may_keep(&self, size: usize, cx: &Context<'_>) -> Result<(), EmitError> {
        let bytes = self.outbox.bytes() + self.retry.bytes() + size;
        if self.buffered() >= cx.config.max_offline || bytes > cx.config.max_offline_bytes {
            Err(EmitError::Full)
        } else {
            Ok(())
        }
    }
}
