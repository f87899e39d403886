//! How to use the demo: a text for people that a POSIX shell runs as it is.

use super::Demo;

/// What is said before the first command.
const HEAD: &str = r#"# The demo account {account} is "{account_name}". {administrator} is its administrator, {agent} one of its agents.
# Paste the lines below into a shell: a contact writes, the team answers, and the conversation comes back.
BASE_URL='{url}'
ADMINISTRATOR_TOKEN='{administrator_token}'
AGENT_TOKEN='{agent_token}'
PLATFORM_TOKEN='{platform_token}'
INBOX_IDENTIFIER='{inbox_identifier}'
"#;

/// The main job, end to end. `sed` and `grep` carry ids from one answer to the next request.
const JOB: &str = r#"JSON='Content-Type: application/json'
ADMINISTRATOR="api_access_token: $ADMINISTRATOR_TOKEN"
AGENT="api_access_token: $AGENT_TOKEN"
INBOX="$BASE_URL/public/api/v1/inboxes/$INBOX_IDENTIFIER"
TEAM="$BASE_URL/api/v1/accounts/{account}"
echo '1. A contact says who it is, opens a conversation and writes:'
SOURCE_ID=$(curl -sS "$INBOX/contacts" -H "$JSON" -d '{"name":"Noor Haddad","email":"noor@post.example"}' | sed -n 's/.*"source_id":"\([^"]*\)".*/\1/p')
CONTACT="$INBOX/contacts/$SOURCE_ID/conversations"
NUMBER=$(curl -sS -X POST "$CONTACT" | sed -n 's/^{"id":\([0-9]*\).*/\1/p')
curl -sS "$CONTACT/$NUMBER/messages" -H "$JSON" -d '{"content":"My parcel has not arrived."}'; echo
echo '2. An agent sees it among the unassigned ones (numbers, the newest first):'
curl -sS "$TEAM/conversations?status=open&assignee_type=unassigned" -H "$AGENT" | grep -o '"conversation_id":[0-9]*' | uniq
echo '3. The agent takes it, labels it, and leaves a note for the team:'
curl -sS "$TEAM/conversations/$NUMBER/assignments" -H "$AGENT" -H "$JSON" -d '{"assignee_id":{agent_id}}'; echo
curl -sS "$TEAM/conversations/$NUMBER/labels" -H "$AGENT" -H "$JSON" -d '{"labels":["delivery"]}'; echo
curl -sS "$TEAM/conversations/$NUMBER/messages" -H "$AGENT" -H "$JSON" -d '{"content":"The carrier lost it. I am sending another one.","private":true}'; echo
echo '4. The agent answers:'
curl -sS "$TEAM/conversations/$NUMBER/messages" -H "$AGENT" -H "$JSON" -d '{"content":"A new parcel is on its way, Noor."}'; echo
echo '5. The contact reads the answer, and never the note:'
curl -sS "$CONTACT/$NUMBER/messages" | grep -o '"content":"[^"]*"'
echo '6. The agent resolves the conversation:'
curl -sS "$TEAM/conversations/$NUMBER/toggle_status" -H "$AGENT" -H "$JSON" -d '{"status":"resolved"}'; echo
echo '7. The contact writes again, and it is open again:'
curl -sS "$CONTACT/$NUMBER/messages" -H "$JSON" -d '{"content":"It is here. Thank you!"}'; echo
curl -sS "$TEAM/conversations/$NUMBER" -H "$ADMINISTRATOR" | grep -oE '"status":"(open|resolved|pending|snoozed)"' | head -n 1
"#;

/// Fills in what differs from demo to demo. An empty line ends the text.
pub fn write(demo: &Demo, url: &str) -> String {
    let values = [
        ("{account}", demo.account.to_string()),
        ("{account_name}", demo.account_name.clone()),
        ("{administrator}", demo.administrator.name.clone()),
        ("{agent}", demo.agent.name.clone()),
        ("{agent_id}", demo.agent.id.to_string()),
        ("{url}", url.to_owned()),
        ("{administrator_token}", demo.administrator.token.clone()),
        ("{agent_token}", demo.agent.token.clone()),
        ("{platform_token}", demo.platform_token.clone()),
        ("{inbox_identifier}", demo.inbox_identifier.clone()),
    ];
    let mut text = format!("{HEAD}{JOB}\n");
    for (name, value) in values {
        text = text.replace(name, &value.replace(char::is_control, " "));
    }
    text
}
