//! Mentions in private notes: markdown links whose target is `mention://user/<id>/<name>` (semantics §2.9).

use types::{TeamId, UserId};

/// Users and teams that a text mentions.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Mentions {
    /// Users, each once.
    pub users: Vec<UserId>,
    /// Teams, each once.
    pub teams: Vec<TeamId>,
}

/// Finds the mentions in `content`.
pub fn find(content: &str) -> Mentions {
    let mut mentions = Mentions::default();
    for target in content.split("(mention://").skip(1) {
        let mut parts = target.splitn(3, '/');
        let (kind, id) = (parts.next(), parts.next().and_then(|id| id.parse().ok()));
        match (kind, id) {
            (Some("user"), Some(id)) if !mentions.users.contains(&UserId::new(id)) => {
                mentions.users.push(UserId::new(id));
            }
            (Some("team"), Some(id)) if !mentions.teams.contains(&TeamId::new(id)) => {
                mentions.teams.push(TeamId::new(id));
            }
            _ => {}
        }
    }
    mentions
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_to_users_and_teams_are_found_once() {
        let text =
            "[@Mira](mention://user/12/Mira) and [@Mira](mention://user/12/Mira), [@Billing](mention://team/3/b)";
        assert_eq!(find(text), Mentions { users: vec![UserId::new(12)], teams: vec![TeamId::new(3)] });
    }

    #[test]
    fn other_texts_mention_nobody() {
        assert_eq!(find("mention://user/12/x (mention://user/abc/x) (mention://robot/1/x)"), Mentions::default());
    }
}
