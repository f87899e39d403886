//! Lists of objects.

use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list of objects of one kind; other than a list of the kind itself it takes nothing else for an object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let items: Vec<Item<T>> = Vec::deserialize(deserializer)?;
        Ok(Self(items.into_iter().map(|Item(item)| item).collect()))
    }
}

/// One of [`Objects`]. What is derived would take a list as the fields of `T` in their order.
struct Item<T>(T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Item<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ItemVisitor(PhantomData))
    }
}

struct ItemVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ItemVisitor<T> {
    type Value = Item<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Item<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Item)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::Objects;
    use crate::field::Int;

    #[derive(Debug, PartialEq, Deserialize)]
    struct Day {
        day: Int,
    }

    #[test]
    fn only_objects_are_objects() {
        let read = |value| serde_json::from_value::<Objects<Day>>(value);
        assert_eq!(
            read(json!([{ "day": "1" }, { "day": 2, "x": 0 }])).unwrap().0,
            [Day { day: Int(1) }, Day { day: Int(2) }]
        );
        for bad in [json!([[1]]), json!([1]), json!({ "day": 1 }), json!("x"), json!([{ "day": "x" }])] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
