//! Values by their type: application state, and what an application keeps with a socket.

use crate::sync::{read, write};
use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::RwLock;

/// One value of each type.
#[derive(Debug, Default)]
pub struct Extensions {
    values: RwLock<BTreeMap<TypeId, Box<dyn Any + Send + Sync>>>,
}

impl Extensions {
    /// Puts a value in and returns the one of its type that was there.
    pub fn insert<T: Send + Sync + 'static>(&self, value: T) -> Option<T> {
        let old = write(&self.values).insert(TypeId::of::<T>(), Box::new(value));
        old.and_then(|old| old.downcast().ok()).map(|old| *old)
    }

    /// A clone of the value of this type.
    #[must_use]
    pub fn get<T: Clone + Send + Sync + 'static>(&self) -> Option<T> {
        read(&self.values)
            .get(&TypeId::of::<T>())
            .and_then(|value| value.downcast_ref())
            .cloned()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Send + Sync + 'static>(&self) -> Option<T> {
        let old = write(&self.values).remove(&TypeId::of::<T>());
        old.and_then(|old| old.downcast().ok()).map(|old| *old)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_of_each_type() {
        let extensions = Extensions::default();
        assert_eq!(extensions.insert(1u8), None);
        assert_eq!(extensions.insert(2u8), Some(1));
        assert_eq!(extensions.insert("text"), None);
        assert_eq!(extensions.get::<u8>(), Some(2));
        assert_eq!(extensions.remove::<u8>(), Some(2));
        assert_eq!(extensions.get::<u8>(), None);
        assert_eq!(extensions.get::<&str>(), Some("text"));
    }
}
