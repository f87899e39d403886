//! Lists of objects.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// A list of objects of one kind. Forms that number them (`days[0][hour]`, `days[1][hour]`) count as well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Objects<T>(pub Vec<T>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Objects<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ObjectsVisitor(PhantomData)).map(Self)
    }
}

const LIST: &str = "must be a list of objects";

struct ObjectsVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectsVisitor<T> {
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Vec<T>, A::Error> {
        let mut objects = Vec::new();
        while let Some(Item(object)) = items.next_element()? {
            objects.push(object);
        }
        Ok(objects)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Vec<T>, A::Error> {
        let mut objects = BTreeMap::new();
        while let Some(key) = entries.next_key::<String>()? {
            let number: u32 = key.parse().map_err(|_| A::Error::custom(LIST))?;
            let Item(object) = entries.next_value()?;
            objects.insert(number, object);
        }
        if objects.is_empty() { Err(A::Error::custom(LIST)) } else { Ok(objects.into_values().collect()) }
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
        let numbered = json!({ "10": { "day": 2 }, "9": { "day": 1 } });
        assert_eq!(read(numbered).unwrap().0, [Day { day: Int(1) }, Day { day: Int(2) }]);
        for bad in [json!([[1]]), json!([1]), json!({ "day": 1 }), json!({}), json!("x"), json!([{ "day": "x" }])] {
            assert!(read(bad.clone()).is_err(), "{bad}");
        }
    }
}
