//! Texts of people and companies that do not exist.

use crate::random::Random;

const FIRST: &[&str] = &[
    "Aino", "Ben", "Carla", "Dmitri", "Élodie", "Farid", "Greta", "Hiro", "Ines", "Jonas", "Kofi", "Lena", "Mateo",
    "Nadia", "Oskar", "Priya", "Quentin", "Rosa", "Sven", "Tomoko", "Ugo", "Vera", "Wendell", "Ximena", "Yusuf", "Zoë",
    "Amara", "Bjarne", "Chiara", "Diego",
];
const LAST: &[&str] = &[
    "Ahlgren",
    "Barros",
    "Castellano",
    "Dubois",
    "Eriksen",
    "Fontaine",
    "Grunwald",
    "Hoshino",
    "Ivanov",
    "Jansen",
    "Kowalski",
    "Lindqvist",
    "Moreau",
    "Nakamura",
    "Okafor",
    "Petrov",
    "Quiroga",
    "Rasmussen",
    "Schneider",
    "Takeda",
    "Ueda",
    "Valverde",
    "Whitfield",
    "Xu",
    "Yamada",
    "Zielinski",
    "Achterberg",
    "Bergström",
    "Carvalho",
    "Donnelly",
    "Espinoza",
    "Falk",
    "Gallagher",
    "Hartmann",
    "Iglesias",
    "Jurado",
    "Keller",
    "Laurent",
    "Mbeki",
    "Novak",
];
const COMPANIES: &[&str] =
    &["Reed", "Harbour", "Northwind", "Larch", "Copper", "Willow", "Granite", "Meadow", "Quarry", "Orchard"];
const CITIES: &[(&str, &str)] = &[
    ("Helsinki", "Finland"),
    ("Lisbon", "Portugal"),
    ("Lyon", "France"),
    ("Osaka", "Japan"),
    ("Accra", "Ghana"),
    ("Lima", "Peru"),
    ("Graz", "Austria"),
    ("Pune", "India"),
    ("Leeds", "United Kingdom"),
    ("Austin", "United States"),
];
const WORDS: &[&str] = &[
    "the",
    "order",
    "has",
    "not",
    "arrived",
    "yet",
    "please",
    "could",
    "you",
    "check",
    "my",
    "account",
    "I",
    "would",
    "like",
    "to",
    "change",
    "address",
    "invoice",
    "number",
    "shows",
    "wrong",
    "amount",
    "thanks",
    "for",
    "your",
    "help",
    "we",
    "are",
    "looking",
    "into",
    "it",
    "and",
    "will",
    "send",
    "an",
    "update",
    "tomorrow",
    "delivery",
    "tracking",
    "says",
    "parcel",
    "is",
    "still",
    "in",
    "warehouse",
    "password",
    "reset",
    "link",
    "does",
    "work",
    "refund",
    "was",
    "paid",
    "on",
    "Monday",
    "screen",
    "attached",
    "error",
    "when",
    "opening",
    "page",
];

/// A person's name.
pub fn name(random: &mut Random) -> (&'static str, &'static str) {
    (random.of(FIRST), random.of(LAST))
}

/// A company, a city and its country.
pub fn place(random: &mut Random) -> (&'static str, &'static str, &'static str) {
    let (city, country) = random.of(CITIES);
    (random.of(COMPANIES), city, country)
}

/// What a message says: some 90 characters on average.
pub fn sentence(random: &mut Random) -> String {
    let words = 4 + random.below(26);
    let mut text = String::with_capacity(words * 6);
    for word in 0..words {
        if word > 0 {
            text.push(' ');
        }
        text.push_str(random.of(WORDS));
    }
    text
}
