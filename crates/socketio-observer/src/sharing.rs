//! How the lists of a registry are shared with its snapshots.

use alloc::rc::Rc;
use alloc::sync::Arc;
use core::ops::Deref;

/// How an [`Observers`](crate::Observers) shares its lists with its snapshots: [`Atomic`], which is
/// the default, or [`Unsync`].
pub trait Sharing: sealed::Sealed {}

/// Counts references atomically: registry and snapshots may cross threads if their listeners may.
#[derive(Clone, Copy, Debug)]
pub struct Atomic;

/// Counts references without atomics, for a registry and snapshots that stay on one thread: an
/// emission to few listeners costs half as much.
#[derive(Clone, Copy, Debug)]
pub struct Unsync;

impl Sharing for Atomic {}
impl Sharing for Unsync {}

pub(crate) mod sealed {
    use super::Deref;

    /// The pointer, and what the registry asks of it.
    #[allow(unnameable_types, reason = "nobody else implements it")]
    pub trait Sealed {
        type Pointer<T>: Clone + Deref<Target = T>;

        fn share<T>(value: T) -> Self::Pointer<T>;

        /// Access to the value, which is copied if others share it.
        fn make_mut<T: Clone>(pointer: &mut Self::Pointer<T>) -> &mut T;

        /// The value, for the last one who shares it.
        fn into_inner<T>(pointer: Self::Pointer<T>) -> Option<T>;
    }
}

macro_rules! share_by {
    ($Sharing:ident, $Pointer:ident) => {
        impl sealed::Sealed for $Sharing {
            type Pointer<T> = $Pointer<T>;

            fn share<T>(value: T) -> $Pointer<T> {
                $Pointer::new(value)
            }

            fn make_mut<T: Clone>(pointer: &mut $Pointer<T>) -> &mut T {
                $Pointer::make_mut(pointer)
            }

            fn into_inner<T>(pointer: $Pointer<T>) -> Option<T> {
                $Pointer::into_inner(pointer)
            }
        }
    };
}

share_by!(Atomic, Arc);
share_by!(Unsync, Rc);
