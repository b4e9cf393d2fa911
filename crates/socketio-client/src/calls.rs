//! What both adapters have to the letter: the methods of clients, builders, sockets and emitters that
//! don't wait, and those that only call one that does.
//!
//! Each macro writes into an `impl` of a type with the named fields.

/// For a `Client` with a field `owner: Arc<Owner>` and a method `socket_of`, which makes a socket
/// of the adapter.
macro_rules! client_calls {
    () => {
        /// Options first, then [`connect`](ClientBuilder::connect) or
        /// [`build`](ClientBuilder::build).
        ///
        /// The URL is `http`, `https`, `ws` or `wss`, which of these matters only for TLS; its path
        /// is the namespace of the first socket. Hosts with other than ASCII letters are written in
        /// Punycode.
        #[must_use]
        pub fn builder(url: &str) -> ClientBuilder {
            ClientBuilder {
                options: Options::new(url),
                tls: Tls::default(),
            }
        }

        /// The socket of a namespace, made if there is none. It shares the connection, and is not
        /// connected before [`Socket::connect`]. A missing leading slash is added.
        ///
        /// # Errors
        /// When there can't be a namespace of this name, or there are too many.
        pub fn socket(&self, namespace: &str) -> Result<Socket, SocketError> {
            self.socket_with(namespace, SocketOptions::default())
        }

        /// As [`socket`](Self::socket), with options of its own if it is new.
        ///
        /// # Errors
        /// As [`socket`](Self::socket).
        pub fn socket_with(
            &self,
            namespace: &str,
            options: SocketOptions,
        ) -> Result<Socket, SocketError> {
            let listeners = Listeners::default().keep_removed();
            let inner = SocketRef::open(&self.owner, namespace, options, listeners)?;
            Ok(self.socket_of(inner))
        }

        /// The transport that the connection uses now; `None` without a connection.
        #[must_use]
        pub fn transport(&self) -> Option<Transport> {
            self.core().peek(|state| state.manager.transport())
        }

        /// Closes the connection below, without disconnecting the sockets: they see `forced close`,
        /// and come back as after any loss.
        pub fn close_engine(&self) {
            self.core()
                .step(|state, now| state.manager.close_engine(now));
        }

        /// Told of what happens to the connection: attempts to reconnect, upgrades, pings. It runs
        /// in the client's own task, or in the thread of the handlers, and should not block.
        pub fn on_event(
            &self,
            watcher: impl Fn(&ClientEvent) + Send + Sync + 'static,
        ) -> ListenerId {
            self.core().watchers.add(watcher)
        }

        /// Takes such a watcher off. False if it was not there.
        pub fn off(&self, id: ListenerId) -> bool {
            self.core().watchers.remove(id)
        }

        fn core(&self) -> &Arc<Core> {
            self.owner.core()
        }
    };
}

/// For a `Socket` with a field `inner: SocketRef`.
macro_rules! socket_calls {
    () => {
        /// The namespace that it is for.
        #[must_use]
        pub fn namespace(&self) -> &str {
            self.inner.inner.namespace.as_str()
        }

        /// Its id on the server, while it is connected.
        #[must_use]
        pub fn id(&self) -> Option<String> {
            self.inner.peek(|manager, id| {
                let sid = manager.id(id)?;
                Some(sid.as_str().to_owned())
            })
        }

        /// Whether it is connected to its namespace.
        #[must_use]
        pub fn is_connected(&self) -> bool {
            self.inner.peek(|manager, id| manager.is_connected(id))
        }

        /// Whether it is connected, or will be by itself.
        #[must_use]
        pub fn is_active(&self) -> bool {
            self.inner.peek(|manager, id| manager.is_active(id))
        }

        /// Whether the server has restored the former session at the last connection: the same id,
        /// the same rooms, and the events that were missed.
        #[must_use]
        pub fn recovered(&self) -> bool {
            self.inner.peek(|manager, id| manager.recovered(id))
        }

        /// The transport that the connection uses now; `None` without a connection.
        #[must_use]
        pub fn transport(&self) -> Option<Transport> {
            self.inner.peek(|manager, _| manager.transport())
        }

        /// Emits an event. A tuple gives several arguments, anything else one, `()` none.
        ///
        /// Without a connection the event waits for one; it is sent once, and in order. There is a
        /// limit to what waits.
        ///
        /// # Errors
        /// [`EmitError::Payload`] when the arguments can't be written or the name is reserved,
        /// [`EmitError::Socket`] when there is no room for it. Nothing is sent then.
        pub fn emit(&self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
            Emitter::new(self).emit(event, arguments)
        }

        /// The next emit is dropped, instead of waiting, if the transport is not ready.
        pub fn volatile(&self) -> Emitter<'_> {
            Emitter::new(self).volatile()
        }

        /// The next emit waits that long for its acknowledgement.
        pub fn timeout(&self, timeout: Duration) -> Emitter<'_> {
            Emitter::new(self).timeout(timeout)
        }

        /// The next emit is repeated until it is acknowledged.
        pub fn retries(&self, retries: u32) -> Emitter<'_> {
            Emitter::new(self).retries(retries)
        }

        /// Takes a handler off. False if it was not there.
        pub fn off(&self, id: ListenerId) -> bool {
            self.inner.inner.change(|all| all.off(id))
        }

        /// Takes all handlers of an event off.
        pub fn off_event(&self, event: &str) {
            self.inner.inner.change(|all| all.off_event(event));
        }

        /// What happens to the socket from now on, to be pulled. Handlers are called nevertheless.
        pub fn events(&self) -> Events {
            Events::new(&self.inner)
        }

        /// Other credentials, from the next connection on.
        ///
        /// # Errors
        /// When they can't be written, or are not an object.
        pub fn set_auth(&self, value: impl Serialize + Send + 'static) -> Result<(), EmitError> {
            self.inner.set_auth(AuthSource::value(value))
        }
    };
}

/// Handlers, for a `Socket` with a field `inner: SocketRef`. The adapter says what makes a listener
/// of an `H` with the parameters `A`, and what that has to be.
macro_rules! socket_handlers {
    ($listener:path, $($bounds:tt)+) => {
        /// Calls a handler for each event of this name.
        pub fn on<A, H>(&self, event: &str, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.inner.on(event, $listener(handler))
        }

        /// As [`on`](Self::on), for the first event only.
        pub fn once<A, H>(&self, event: &str, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.inner.once(event, $listener(handler))
        }

        /// Calls a handler for every event that comes in, before those of the event's name.
        pub fn on_any<A, H>(&self, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.on(ANY, handler)
        }

        /// Calls a handler for every event that is emitted and not refused or dropped, when that
        /// happens: it may have to wait for a connection afterwards.
        pub fn on_any_outgoing<A, H>(&self, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.on(ANY_OUTGOING, handler)
        }

        /// Calls a handler each time the socket is connected.
        pub fn on_connect<A, H>(&self, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.on(CONNECT, handler)
        }

        /// Calls a handler each time the socket could not be connected; it may ask for the
        /// [`ConnectError`].
        pub fn on_connect_error<A, H>(&self, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.on(CONNECT_ERROR, handler)
        }

        /// Calls a handler each time the socket was connected and is no more; it may ask for the
        /// [`Reason`](crate::Reason).
        pub fn on_disconnect<A, H>(&self, handler: H) -> ListenerId
        where
            $($bounds)+
        {
            self.on(DISCONNECT, handler)
        }
    };
}

/// The same for a `ClientBuilder` with a field `options: Options`.
macro_rules! builder_handlers {
    ($listener:path, $($bounds:tt)+) => {
        /// Calls a handler for each event of this name, see [`Socket::on`]. One that is registered
        /// here misses nothing, not even what the server sends right upon the connection.
        #[must_use]
        pub fn on<A, H>(self, event: &str, handler: H) -> Self
        where
            $($bounds)+
        {
            self.listen(event, $listener(handler))
        }

        /// As [`on`](Self::on), for the first event only.
        #[must_use]
        pub fn once<A, H>(mut self, event: &str, handler: H) -> Self
        where
            $($bounds)+
        {
            let listener = $listener(handler);
            self.options.listeners.once(event.to_owned(), listener);
            self
        }

        /// See [`Socket::on_any`].
        #[must_use]
        pub fn on_any<A, H>(self, handler: H) -> Self
        where
            $($bounds)+
        {
            self.on(ANY, handler)
        }

        /// See [`Socket::on_any_outgoing`].
        #[must_use]
        pub fn on_any_outgoing<A, H>(self, handler: H) -> Self
        where
            $($bounds)+
        {
            self.on(ANY_OUTGOING, handler)
        }

        /// See [`Socket::on_connect`].
        #[must_use]
        pub fn on_connect<A, H>(self, handler: H) -> Self
        where
            $($bounds)+
        {
            self.on(CONNECT, handler)
        }

        /// See [`Socket::on_connect_error`].
        #[must_use]
        pub fn on_connect_error<A, H>(self, handler: H) -> Self
        where
            $($bounds)+
        {
            self.on(CONNECT_ERROR, handler)
        }

        /// See [`Socket::on_disconnect`].
        #[must_use]
        pub fn on_disconnect<A, H>(self, handler: H) -> Self
        where
            $($bounds)+
        {
            self.on(DISCONNECT, handler)
        }

        pub(crate) fn listen(mut self, event: &str, listener: Listener) -> Self {
            self.options.listeners.on(event.to_owned(), listener);
            self
        }
    };
}

/// For an `Emitter` with the fields `socket: &Socket` and `how: Emit`.
macro_rules! emitter_calls {
    () => {
        pub(crate) fn new(socket: &'a Socket) -> Self {
            let how = Emit::default();
            Self { socket, how }
        }

        /// Dropped, instead of waiting, if the transport is not ready.
        pub fn volatile(mut self) -> Self {
            self.how = self.how.volatile(true);
            self
        }

        /// Waits that long for the acknowledgement. An event that has not left by then never does.
        pub fn timeout(mut self, timeout: Duration) -> Self {
            self.how = self.how.timeout(Some(timeout));
            self
        }

        /// Sent up to so many times more until it is acknowledged, in place of
        /// [`retries`](crate::ClientBuilder::retries).
        pub fn retries(mut self, retries: u32) -> Self {
            self.how = self.how.retries(Some(retries));
            self
        }

        /// See [`Socket::emit`]. A volatile event that was dropped is no error.
        ///
        /// # Errors
        /// As [`Socket::emit`].
        pub fn emit(self, event: &str, arguments: impl Serialize) -> Result<(), EmitError> {
            self.socket.inner.emit(event, &arguments, self.how)
        }
    };
}

/// Typed events, for a `Socket` and an `Emitter`. What waits is `async`, and awaits, or is not.
macro_rules! typed_calls {
    ([$($asynchronously:tt)?] [$($wait:tt)*]) => {
        impl Socket {
            /// Emits a [typed event](TypedEvent).
            ///
            /// # Errors
            /// As [`emit`](Self::emit).
            pub fn emit_typed<E: TypedEvent + Serialize>(&self, event: &E) -> Result<(), EmitError> {
                Emitter::new(self).emit_typed(event)
            }

            /// Emits a [typed event](TypedEvent) and waits for the server's acknowledgement.
            ///
            /// # Errors
            /// As [`emit_with_ack`](Self::emit_with_ack).
            pub $($asynchronously)? fn emit_typed_with_ack<E>(
                &self,
                event: &E,
            ) -> Result<E::Ack, AckError>
            where
                E: TypedEvent<Ack: DeserializeOwned> + Serialize,
            {
                Emitter::new(self).emit_typed_with_ack(event)$($wait)*
            }
        }

        impl Emitter<'_> {
            /// See [`Socket::emit_typed`].
            ///
            /// # Errors
            /// As [`emit`](Self::emit).
            pub fn emit_typed<E: TypedEvent + Serialize>(self, event: &E) -> Result<(), EmitError> {
                self.emit(name::<E>(), event)
            }

            /// See [`Socket::emit_typed_with_ack`].
            ///
            /// # Errors
            /// As [`emit_with_ack`](Self::emit_with_ack).
            pub $($asynchronously)? fn emit_typed_with_ack<E>(
                self,
                event: &E,
            ) -> Result<E::Ack, AckError>
            where
                E: TypedEvent<Ack: DeserializeOwned> + Serialize,
            {
                self.emit_with_ack(name::<E>(), event)$($wait)*
            }
        }
    };
}

pub(crate) use {
    builder_handlers, client_calls, emitter_calls, socket_calls, socket_handlers, typed_calls,
};
