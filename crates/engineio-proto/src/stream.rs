//! Packets on a stream of bytes, as WebTransport carries them: each frame behind its length.
//!
//! ```text
//! 7 6 5 4 3 2 1 0
//! b └─ length ──┘   0 … 125: bytes of the frame
//! │                 126: a 16 bit length follows, 127: one of 64 bits; both big-endian
//! └ set: the frame is a binary message, otherwise text with its packet type
//! ```
//!
//! The bytes come in pieces of any size. The caller appends them to a buffer of its own and takes
//! frames from the front of it until there is none; how the pieces were cut makes no difference:
//!
//! ```
//! use bytes::BytesMut;
//! use engineio_proto::{Frame, stream::{self, Decoder}};
//!
//! let mut wire = BytesMut::new();
//! stream::encode(&Frame::Text("4hello".into()), &mut wire);
//! stream::encode(&Frame::Binary(vec![1, 2, 3].into()), &mut wire);
//!
//! let mut decoder = Decoder::new(1_000_000);
//! let mut buffer = BytesMut::new();
//! let mut frames = Vec::new();
//! for piece in wire.chunks(3) {
//!     buffer.extend_from_slice(piece);
//!     while let Some(frame) = decoder.poll_frame(&mut buffer) {
//!         frames.push(frame.expect("well-formed"));
//!     }
//! }
//! let expected = [Frame::Text("4hello".into()), Frame::Binary(vec![1, 2, 3].into())];
//! assert_eq!(frames, expected);
//! ```

use crate::{DecodeError, Frame, PacketRef, Text, unicode};
use bytes::{BufMut as _, BytesMut};
use nom::{
    IResult, Parser as _,
    combinator::map,
    number::streaming::{be_u16, be_u64, u8 as byte},
};

const BINARY: u8 = 0x80;
/// Lengths in the first byte that stand for another behind it.
const LEN_16: u8 = 126;
const LEN_64: u8 = 127;
/// The reference cannot count further.
const MAX_SAFE_LEN: u64 = (1 << 53) - 1;

/// Takes frames from the front of a buffer.
///
/// While a frame is not whole the buffer holds no more of it than its header of at most 9 bytes and
/// `max_payload`, plus what else the last piece brought. An announced length reserves nothing.
#[derive(Clone, Debug)]
pub struct Decoder {
    max_payload: usize,
    has_failed: bool,
}

impl Decoder {
    /// For frames of at most `max_payload` bytes, headers apart.
    #[must_use]
    pub fn new(max_payload: usize) -> Self {
        Self {
            max_payload,
            has_failed: false,
        }
    }

    /// The next frame, which keeps the storage of the buffer: nothing is copied. `None` if more
    /// bytes must come first.
    ///
    /// An error ends the stream, since the next frame cannot be found: from then on there is
    /// nothing, and the buffer is emptied.
    ///
    /// # Errors
    ///
    /// As [`split_packet`], except for the packet type, which is for the reader of the frame.
    pub fn poll_frame(&mut self, buffer: &mut BytesMut) -> Option<Result<Frame, DecodeError>> {
        if self.has_failed {
            buffer.clear();
            return None;
        }
        let frame = match cut(buffer, self.max_payload) {
            Ok(cut) => cut?.take(buffer),
            Err(error) => Err(error),
        };
        self.has_failed = frame.is_err();
        Some(frame)
    }
}

/// The first packet of the input, borrowed, and what follows it. `None` if it is not whole.
///
/// # Errors
///
/// [`DecodeError::Length`] for a length of 0, also of a binary message, and from 2⁵³ on;
/// [`DecodeError::TooLarge`] for one over `max_payload`, as soon as the header is there;
/// [`DecodeError::Utf8`]; and as [`PacketRef::from_text`].
pub fn split_packet(
    input: &[u8],
    max_payload: usize,
) -> Result<Option<(PacketRef<'_>, &[u8])>, DecodeError> {
    let Some(cut) = cut(input, max_payload)? else {
        return Ok(None);
    };
    let (frame, rest) = input.split_at_checked(cut.end).unwrap_or_default();
    let payload = frame.get(cut.start..).unwrap_or_default();
    let packet = if cut.is_binary {
        PacketRef::Binary(payload)
    } else {
        PacketRef::from_text(unicode::from_utf8(payload)?)?
    };
    Ok(Some((packet, rest)))
}

/// Appends a frame with its header to `out`.
///
/// A binary message without bytes becomes a header of length 0, as the reference writes it, and as
/// no peer accepts it.
pub fn encode(frame: &Frame, out: &mut BytesMut) {
    encode_header(frame, out);
    out.put_slice(match frame {
        Frame::Text(text) => text.as_bytes(),
        Frame::Binary(bytes) => bytes,
    });
}

/// Appends the header only, for a writer that sends the frame from where it lies.
pub fn encode_header(frame: &Frame, out: &mut BytesMut) {
    let kind = match frame {
        Frame::Text(_) => 0,
        Frame::Binary(_) => BINARY,
    };
    let len = frame.len();
    match (u8::try_from(len), u16::try_from(len)) {
        (Ok(len), _) if len < LEN_16 => out.put_u8(kind | len),
        (_, Ok(len)) => {
            out.put_u8(kind | LEN_16);
            out.put_u16(len);
        }
        _ => {
            out.put_u8(kind | LEN_64);
            out.put_u64(len as u64);
        }
    }
}

/// Where a whole frame lies in the input.
struct Cut {
    is_binary: bool,
    /// Behind the header.
    start: usize,
    end: usize,
}

impl Cut {
    fn take(self, buffer: &mut BytesMut) -> Result<Frame, DecodeError> {
        let payload = buffer.split_to(self.end).split_off(self.start);
        if self.is_binary {
            Ok(Frame::Binary(payload.freeze()))
        } else {
            let text = Text::try_from(payload).map_err(|_| DecodeError::Utf8)?;
            Ok(Frame::Text(text))
        }
    }
}

/// Finds the first frame; `None` if it is not whole.
fn cut(input: &[u8], max_payload: usize) -> Result<Option<Cut>, DecodeError> {
    let Ok((rest, (is_binary, announced))) = header(input) else {
        return Ok(None);
    };
    if announced == 0 || announced > MAX_SAFE_LEN {
        return Err(DecodeError::Length);
    }
    let len = usize::try_from(announced)
        .ok()
        .filter(|len| *len <= max_payload)
        .ok_or(DecodeError::TooLarge {
            len: announced,
            max: max_payload as u64,
        })?;
    let start = input.len() - rest.len();
    Ok((len <= rest.len()).then_some(Cut {
        is_binary,
        start,
        end: start + len,
    }))
}

/// Is it binary, and how long? Every header that is whole can be read.
fn header(input: &[u8]) -> IResult<&[u8], (bool, u64)> {
    let (rest, first) = byte(input)?;
    let (rest, len) = match first & !BINARY {
        LEN_16 => map(be_u16, u64::from).parse(rest)?,
        LEN_64 => be_u64(rest)?,
        len => (rest, u64::from(len)),
    };
    Ok((rest, (first & BINARY != 0, len)))
}
