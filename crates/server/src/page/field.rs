//! What people fill in.

use maud::{Markup, html};

/// The rules that a password follows (semantics §9.1).
pub const PASSWORD_HINT: &str =
    "At least 6 characters: an upper-case and a lower-case letter, a digit and a special character.";

/// A field of a form, with its label, and what was wrong with it.
#[derive(Debug, Clone, Default)]
pub struct Field<'a> {
    /// Its name, which is its id too.
    pub name: &'a str,
    /// What it is called.
    pub label: &'a str,
    /// What it holds already; never a password.
    pub value: &'a str,
    /// What browsers and password managers may fill in.
    pub autocomplete: &'a str,
    /// What to know before filling it in.
    pub hint: Option<&'a str>,
    /// What was wrong with what was sent.
    pub problem: Option<String>,
    /// Whether to begin here.
    pub has_focus: bool,
}

impl Field<'_> {
    /// A line of text.
    pub fn text(&self) -> Markup {
        self.framed(&html! {
            input id=(self.name) name=(self.name) type="text" value=(self.value) dir="auto" required
                autocomplete=(self.autocomplete) maxlength="255" autofocus[self.has_focus]
                aria-invalid=[self.invalid()] aria-describedby=[self.described()];
        })
    }

    /// An e-mail address. Its type is text: browsers do not take addresses beyond ASCII.
    pub fn email(&self) -> Markup {
        self.framed(&html! {
            input id=(self.name) name=(self.name) type="text" value=(self.value) dir="auto" required
                inputmode="email" autocapitalize="none" spellcheck="false"
                autocomplete=(self.autocomplete) maxlength="255" autofocus[self.has_focus]
                aria-invalid=[self.invalid()] aria-describedby=[self.described()];
        })
    }

    /// A password.
    pub fn password(&self) -> Markup {
        self.framed(&html! {
            div.secret {
                input id=(self.name) name=(self.name) type="password" required
                    autocapitalize="none" spellcheck="false"
                    autocomplete=(self.autocomplete) autofocus[self.has_focus]
                    aria-invalid=[self.invalid()] aria-describedby=[self.described()];
            }
        })
    }

    /// A new password; where no script can show it, it is asked for twice.
    pub fn new_password(&self, again: Option<String>) -> Markup {
        let repeated = Field {
            name: "password_confirmation",
            label: "The same again",
            autocomplete: "new-password",
            problem: again,
            ..Field::default()
        };
        html! {
            (self.password())
            // What was wrong with it has to be seen with a script too.
            @if repeated.problem.is_some() { (repeated.password()) } @else { noscript { (repeated.password()) } }
        }
    }

    fn framed(&self, input: &Markup) -> Markup {
        html! {
            div.field {
                label for=(self.name) { (self.label) }
                (input)
                @if let Some(problem) = &self.problem { p.wrong id={ (self.name) "_problem" } { (problem) } }
                @if let Some(hint) = self.hint { p.hint id={ (self.name) "_hint" } { (hint) } }
            }
        }
    }

    fn invalid(&self) -> Option<&'static str> {
        self.problem.as_ref().map(|_| "true")
    }

    fn described(&self) -> Option<String> {
        let problem = self.problem.as_ref().map(|_| format!("{}_problem", self.name));
        let hint = self.hint.map(|_| format!("{}_hint", self.name));
        let ids: Vec<String> = [problem, hint].into_iter().flatten().collect();
        (!ids.is_empty()).then(|| ids.join(" "))
    }
}
