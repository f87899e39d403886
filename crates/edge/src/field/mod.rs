//! Fields that are as lenient as the wire (rest.md §1.2). All fail with a sentence about the field.
//!
//! A blank text where a number, a boolean, a name or an object is expected is null: an `Option` of it is
//! `None`, a [`Maybe`] is [`Maybe::Null`].

mod flag;
mod int;
mod list;
mod maybe;
mod object;
mod objects;
mod text;
mod word;

pub use flag::Flag;
pub use int::Int;
pub use list::{Ints, Texts};
pub use maybe::Maybe;
pub use object::Object;
pub use objects::Objects;
pub use text::Text;
pub use word::Word;

/// Gives a field type the documented schema of a plain one.
macro_rules! schema_of {
    ($field:ty as $plain:ty, $name:literal) => {
        impl utoipa::PartialSchema for $field {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                <$plain as utoipa::PartialSchema>::schema()
            }
        }

        impl utoipa::ToSchema for $field {
            fn name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }
        }
    };
}
pub(crate) use schema_of;
