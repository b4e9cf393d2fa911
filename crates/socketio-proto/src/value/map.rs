//! Members of an object.

use super::Value;
use alloc::{collections::BTreeMap, string::String, vec::Vec};
use core::slice;

/// The members of an object, in the order they were written.
///
/// Unlike a sorted or hashed map it keeps that order, on which the numbering of placeholders
/// depends. Names are unique; looking one up takes time linear in the number of members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Map(Vec<(String, Value)>);

impl Map {
    /// A map without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member and gives its former value. A name that is there already keeps its place.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<Value>) -> Option<Value> {
        let (key, value) = (key.into(), value.into());
        match self.0.iter_mut().find(|(name, _)| *name == key) {
            Some((_, slot)) => Some(core::mem::replace(slot, value)),
            None => {
                self.0.push((key, value));
                None
            }
        }
    }

    /// Takes a member out. The others keep their order.
    pub fn remove(&mut self, key: &str) -> Option<Value> {
        let index = self.0.iter().position(|(name, _)| name == key)?;
        Some(self.0.remove(index).1)
    }

    /// The value of a member.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// Whether there is a member of that name.
    pub fn contains_key(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> Iter<'_> {
        Iter(self.0.iter())
    }
}

/// Of members with one name the last value counts, at the place of the first, as in JavaScript.
impl FromIterator<(String, Value)> for Map {
    fn from_iter<I: IntoIterator<Item = (String, Value)>>(members: I) -> Self {
        let mut unique: Vec<(String, Value)> = members.into_iter().collect();
        // A map that a peer fills must not cost the square of its size.
        let mut places = BTreeMap::<String, usize>::new();
        let mut kept = 0;
        for index in 0..unique.len() {
            let Some((key, _)) = unique.get(index) else {
                break;
            };
            let place = *places.entry(key.clone()).or_insert(kept);
            unique.swap(place, index);
            kept += usize::from(place == kept);
        }
        unique.truncate(kept);
        Self(unique)
    }
}

/// The members of a [`Map`], in order.
#[derive(Clone, Debug)]
pub struct Iter<'a>(slice::Iter<'a, (String, Value)>);

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a Value);

    fn next(&mut self) -> Option<Self::Item> {
        self.0.next().map(|(key, value)| (key.as_str(), value))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl<'a> IntoIterator for &'a Map {
    type Item = (&'a str, &'a Value);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

impl IntoIterator for Map {
    type Item = (String, Value);
    type IntoIter = alloc::vec::IntoIter<(String, Value)>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}
