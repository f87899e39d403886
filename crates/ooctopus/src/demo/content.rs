//! Who and what is in the demo.

use types::Status;

/// Somebody who can sign in.
pub struct Person {
    pub name: &'static str,
    pub email: &'static str,
}

/// Somebody who writes.
pub struct Writer {
    pub name: &'static str,
    pub email: &'static str,
    pub phone_number: Option<&'static str>,
}

/// Where somebody writes: the demo has one inbox of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Website,
    App,
    Mail,
}

/// One thing that is said.
pub enum Line {
    /// By the contact.
    Asks(&'static str),
    /// By the assignee, else by the administrator.
    Answers(&'static str),
    /// By the same, for the team alone.
    Notes(&'static str),
}

/// A conversation.
pub struct Thread {
    pub place: Place,
    /// Position in [`WRITERS`].
    pub writer: usize,
    /// Position in [`AGENTS`].
    pub assignee: Option<usize>,
    pub status: Status,
    pub labels: &'static [&'static str],
    pub lines: &'static [Line],
}

pub const ACCOUNT: &str = "Lantern Bikes";
pub const PLATFORM_APP: &str = "Demo";

pub const WEBSITE_INBOX: &str = "Shop window";
pub const WEBSITE: &str = "https://lanternbikes.example";
pub const APP_INBOX: &str = "Lantern app";
pub const MAIL_INBOX: &str = "Post room";
pub const MAIL_ADDRESS: &str = "hello@lanternbikes.example";

pub const ADMINISTRATOR: Person = Person { name: "Mara Lindqvist", email: "mara@lanternbikes.example" };
pub const AGENTS: [Person; 2] = [
    Person { name: "Jonas Weiß", email: "jonas@lanternbikes.example" },
    Person { name: "Thuý Nguyễn", email: "thuy@lanternbikes.example" },
];

pub const WRITERS: [Writer; 7] = [
    Writer { name: "Zoë Müller", email: "zoe@post.example", phone_number: Some("+4930901820") },
    Writer { name: "陳美玲", email: "meiling@post.example", phone_number: None },
    Writer { name: "Олена Шевченко", email: "olena@post.example", phone_number: Some("+380441234567") },
    Writer { name: "João Pereira", email: "joao@post.example", phone_number: None },
    Writer { name: "محمد علي", email: "mohamed@post.example", phone_number: None },
    Writer { name: "Siobhán O’Brien 🚲", email: "siobhan@post.example", phone_number: None },
    Writer { name: "Aïssatou Diallo", email: "aissatou@post.example", phone_number: Some("+221338210000") },
];

use Line::{Answers, Asks, Notes};

pub const THREADS: &[Thread] = &[
    Thread {
        place: Place::App,
        writer: 0,
        assignee: Some(0),
        status: Status::Resolved,
        labels: &["delivery"],
        lines: &[
            Asks("Hello! Where is my order 4711?"),
            Answers("Hello Zoë, it left us this morning and is with you on Thursday."),
            Asks("Wonderful, thank you!"),
        ],
    },
    Thread {
        place: Place::Website,
        writer: 1,
        assignee: None,
        status: Status::Open,
        labels: &[],
        lines: &[Asks("請問你們有送貨到台灣嗎？"), Asks("Do you ship to Taiwan?")],
    },
    Thread {
        place: Place::Mail,
        writer: 2,
        assignee: Some(1),
        status: Status::Open,
        labels: &["repair", "vip"],
        lines: &[
            Asks("Добрий день! The rear light flickers on cobblestones. Is that covered?"),
            Notes("Third lamp of this batch. I am asking the workshop for the replacement part."),
            Answers("Good day Olena! Yes, that is covered. A new lamp is on its way to you."),
        ],
    },
    Thread {
        place: Place::App,
        writer: 3,
        assignee: Some(0),
        status: Status::Snoozed,
        labels: &["repair"],
        lines: &[
            Asks("Olá, can I bring my bike in on Monday?"),
            Answers("Olá João! Monday at nine is yours. I will write again when it is ready."),
            Notes("Waiting for the spokes, due on Monday."),
        ],
    },
    Thread {
        place: Place::Website,
        writer: 4,
        assignee: None,
        status: Status::Pending,
        labels: &["sales"],
        lines: &[Asks("مرحبا، هل لديكم دراجات للأطفال؟")],
    },
    Thread {
        place: Place::Mail,
        writer: 5,
        assignee: Some(1),
        status: Status::Resolved,
        labels: &["returns", "delivery"],
        lines: &[
            Asks("The bell arrived in the wrong colour 😕 Can I swap it?"),
            Answers("Of course, Siobhán. The label for the parcel is in your mail."),
            Notes("Refunded the postage as well."),
        ],
    },
    Thread {
        place: Place::App,
        writer: 6,
        assignee: None,
        status: Status::Open,
        labels: &["sales"],
        lines: &[Asks("Bonjour ! Is the blue touring frame available in size 54?")],
    },
    Thread {
        place: Place::Website,
        writer: 0,
        assignee: Some(1),
        status: Status::Open,
        labels: &["billing"],
        lines: &[
            Asks("My invoice shows an old address. Could you correct it?"),
            Answers("Gladly. Is it still Lindenallee 8?"),
            Asks("Yes, number 8."),
        ],
    },
];
