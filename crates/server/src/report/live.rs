//! What is open now (rest.md §5.17).

use edge::Result;
use store::{Conn, sql};
use types::{AccountId, Availability, Status, UserId};

use super::wire::{AgentOpen, AgentOpenJson, OpenJson};
use crate::BaseUrl;
use crate::agent::{self, Agent};
use crate::conversation::list::{self, must_be_shown};
use crate::query::Conditions;

/// Members on a page.
const PAGE: i64 = 25;

/// Open conversations of the account.
pub fn of_account(conn: &mut Conn<'_>, account: AccountId) -> Result<OpenJson> {
    let rows = open(account);
    let columns = "COUNT(*), COUNT(*) FILTER (WHERE c.first_reply_created_at IS NULL),
         COUNT(*) FILTER (WHERE c.assignee_id IS NULL OR c.assignee_id IN (
             SELECT gone.id FROM users gone WHERE gone.deleting_at IS NOT NULL))";
    let (text, values) = rows.select(columns, &[]);
    let found: Vec<(i64, i64, i64)> = conn.query_built(&text, &values)?;
    let (open, unattended, unassigned) = found.first().copied().unwrap_or_default();
    let mut rows = of_status(account, Status::Pending);
    must_be_shown(&mut rows, account);
    let (text, values) = rows.select("COUNT(*)", &[]);
    let found: Vec<(i64,)> = conn.query_built(&text, &values)?;
    Ok(OpenJson { open, unattended, unassigned, pending: found.first().map_or(0, |(count,)| *count) })
}

/// Open conversations of the members of a page, from 1: those with the most first, among equals the later member
/// (recorded).
pub fn of_agents(conn: &mut Conn<'_>, account: AccountId, page: i64, base_url: &BaseUrl) -> Result<Vec<AgentOpenJson>> {
    let members: Vec<(UserId,)> = conn.query(
        sql!(
            "SELECT au.user_id FROM account_users au JOIN users u ON u.id = au.user_id
             WHERE au.account_id = $1 AND u.deleting_at IS NULL ORDER BY au.id LIMIT $2 OFFSET $3"
        ),
        (account, PAGE, (page - 1).saturating_mul(PAGE)),
    )?;
    let members: Vec<UserId> = members.into_iter().map(|(user,)| user).collect();
    let agents = agent::store::list_by_ids(conn, account, members.clone())?;
    let mut counts = Vec::new();
    if !members.is_empty() {
        let mut rows = open(account);
        let values: Vec<&dyn types::ToValue> = members.iter().map(|user| user as &dyn types::ToValue).collect();
        let listed = crate::query::placeholders(1, members.len());
        rows.and(&format!("c.assignee_id IN {listed}"), &values);
        let columns = "c.assignee_id, COUNT(*), COUNT(*) FILTER (WHERE c.first_reply_created_at IS NULL)";
        let (text, values) = rows.select(columns, &[]);
        counts = conn.query_built::<(UserId, i64, i64)>(&format!("{text} GROUP BY 1"), &values)?;
    }
    let figure = |user: UserId| {
        let found = counts.iter().find(|(of, ..)| *of == user);
        found
            .map_or_else(AgentOpen::default, |(_, open, unattended)| AgentOpen { open: *open, unattended: *unattended })
    };
    let shown = |user: &UserId| {
        agents.iter().find(|agent| agent.id == *user).map(|agent| to_json(agent, figure(*user), base_url))
    };
    let mut all: Vec<AgentOpenJson> = members.iter().rev().filter_map(shown).collect();
    all.sort_by_key(|agent| std::cmp::Reverse(agent.metric.open));
    Ok(all)
}

fn to_json(agent: &Agent, metric: AgentOpen, base_url: &BaseUrl) -> AgentOpenJson {
    AgentOpenJson {
        id: agent.id,
        name: agent.name.clone(),
        email: agent.email.clone(),
        thumbnail: base_url.of_picture(agent.avatar.as_ref()),
        availability: agent::shown_availability(agent.availability, agent.auto_offline, agent.is_present)
            .unwrap_or(Availability::Offline),
        metric,
    }
}

fn open(account: AccountId) -> Conditions {
    let mut rows = of_status(account, Status::Open);
    list::must_be_shown(&mut rows, account);
    rows
}

fn of_status(account: AccountId, status: Status) -> Conditions {
    let mut rows = Conditions::on("conversations", "c");
    rows.and("c.account_id = $1 AND c.status = $2", &[&account, &status]);
    rows
}
