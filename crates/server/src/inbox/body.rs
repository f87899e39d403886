//! What clients send about inboxes (rest.md §5.13).

use edge::field::{Flag, Int, Ints, Maybe, Object, Objects, Text, Texts};
use serde::Deserialize;
use types::{InboxId, UserId};
use utoipa::ToSchema;

use super::hours::draft::WorkingDayBody;

/// What can be set of an inbox (rest.md §5.13). Absent keeps, null clears.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_create)]
pub struct InboxBody {
    /// Without `< > / \ @`.
    #[serde(default)]
    pub name: Maybe<Text>,
    /// Whether new conversations are greeted.
    #[serde(default)]
    pub greeting_enabled: Maybe<Flag>,
    /// Up to 10,000 characters.
    #[serde(default)]
    pub greeting_message: Maybe<Text>,
    /// Whether the opening hours count.
    #[serde(default)]
    pub working_hours_enabled: Maybe<Flag>,
    /// Up to 10,000 characters.
    #[serde(default)]
    pub out_of_office_message: Maybe<Text>,
    /// A name of the tz database.
    #[serde(default)]
    pub timezone: Maybe<Text>,
    /// Whether contacts are asked for their e-mail address.
    #[serde(default)]
    pub enable_email_collect: Maybe<Flag>,
    /// Whether contacts are asked for a rating.
    #[serde(default)]
    pub csat_survey_enabled: Maybe<Flag>,
    /// How they are asked.
    #[serde(default)]
    pub csat_config: Maybe<Object>,
    /// Whether open conversations are given to members in turn.
    #[serde(default)]
    pub enable_auto_assignment: Maybe<Flag>,
    /// Whether the widget takes messages in a resolved conversation.
    #[serde(default)]
    pub allow_messages_after_resolved: Maybe<Flag>,
    /// Whether a contact has one conversation that reopens.
    #[serde(default)]
    pub lock_to_single_conversation: Maybe<Flag>,
    /// `friendly` or `professional`.
    #[serde(default)]
    pub sender_name_type: Maybe<Text>,
    /// Name of the business in mails.
    #[serde(default)]
    pub business_name: Maybe<Text>,
    /// Opening hours of the days that are not as they are.
    #[schema(value_type = Option<Vec<WorkingDayBody>>)]
    pub working_hours: Option<Objects<WorkingDayBody>>,
    /// The channel; needed to create.
    pub channel: Option<ChannelBody>,
}

impl edge::Shape for InboxBody {}

/// What can be set of a channel; each kind takes its own fields.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_create_channel)]
pub struct ChannelBody {
    /// `web_widget`, `api` or `email`; only to create.
    pub r#type: Option<Text>,
    /// Website: its address; needed.
    #[serde(default)]
    pub website_url: Maybe<Text>,
    /// Website: a CSS colour.
    #[serde(default)]
    pub widget_color: Maybe<Text>,
    /// Website: heading of the widget.
    #[serde(default)]
    pub welcome_title: Maybe<Text>,
    /// Website: line below the heading.
    #[serde(default)]
    pub welcome_tagline: Maybe<Text>,
    /// Website: `in_a_few_minutes`, `in_a_few_hours` or `in_a_day`.
    #[serde(default)]
    pub reply_time: Maybe<Text>,
    /// Website: whether the widget asks with a form before a chat begins.
    #[serde(default)]
    pub pre_chat_form_enabled: Maybe<Flag>,
    /// Website: the form.
    #[serde(default)]
    pub pre_chat_form_options: Maybe<Object>,
    /// Website: whether answers go by mail to contacts who have left.
    #[serde(default)]
    pub continuity_via_email: Maybe<Flag>,
    /// Website: what the widget offers.
    #[serde(default)]
    pub selected_feature_flags: Maybe<Texts>,
    /// Website: where the widget may run, with commas.
    #[serde(default)]
    pub allowed_domains: Maybe<Text>,
    /// Website and API: whether contacts must prove their identity.
    #[serde(default)]
    pub hmac_mandatory: Maybe<Flag>,
    /// API: an http(s) address, or empty.
    #[serde(default)]
    pub webhook_url: Maybe<Text>,
    /// API: free; `agent_reply_time_window` in hours.
    #[serde(default)]
    pub additional_attributes: Maybe<Object>,
    /// E-mail: its address; needed.
    #[serde(default)]
    pub email: Maybe<Text>,
    /// E-mail: whether mail is fetched by IMAP.
    #[serde(default)]
    pub imap_enabled: Maybe<Flag>,
    /// E-mail: IMAP user.
    #[serde(default)]
    pub imap_login: Maybe<Text>,
    /// E-mail: IMAP password.
    #[serde(default)]
    pub imap_password: Maybe<Text>,
    /// E-mail: IMAP host.
    #[serde(default)]
    pub imap_address: Maybe<Text>,
    /// E-mail: IMAP port.
    #[serde(default)]
    pub imap_port: Maybe<Int>,
    /// E-mail: whether IMAP speaks TLS.
    #[serde(default)]
    pub imap_enable_ssl: Maybe<Flag>,
    /// E-mail: how IMAP signs in.
    #[serde(default)]
    pub imap_authentication: Maybe<Text>,
    /// E-mail: whether mail is sent by SMTP.
    #[serde(default)]
    pub smtp_enabled: Maybe<Flag>,
    /// E-mail: SMTP user.
    #[serde(default)]
    pub smtp_login: Maybe<Text>,
    /// E-mail: SMTP password.
    #[serde(default)]
    pub smtp_password: Maybe<Text>,
    /// E-mail: SMTP host.
    #[serde(default)]
    pub smtp_address: Maybe<Text>,
    /// E-mail: SMTP port.
    #[serde(default)]
    pub smtp_port: Maybe<Int>,
    /// E-mail: the name that the server says to the SMTP host.
    #[serde(default)]
    pub smtp_domain: Maybe<Text>,
    /// E-mail: whether SMTP turns to TLS when the host offers it.
    #[serde(default)]
    pub smtp_enable_starttls_auto: Maybe<Flag>,
    /// E-mail: whether SMTP begins with TLS.
    #[serde(default)]
    pub smtp_enable_ssl_tls: Maybe<Flag>,
    /// E-mail: how the host's certificate is checked.
    #[serde(default)]
    pub smtp_openssl_verify_mode: Maybe<Text>,
    /// E-mail: how SMTP signs in.
    #[serde(default)]
    pub smtp_authentication: Maybe<Text>,
    /// E-mail: `google` or `microsoft`.
    #[serde(default)]
    pub provider: Maybe<Text>,
    /// E-mail: whether the address may be used for sending.
    #[serde(default)]
    pub verified_for_sending: Maybe<Flag>,
}

/// The bot that answers in an inbox.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_agent_bot_set)]
pub struct SetBotBody {
    /// Its id; null or absent: none.
    pub agent_bot: Option<Int>,
}

impl edge::Shape for SetBotBody {}

/// Users of the account who become members of an inbox, or stop being it.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_members_change)]
pub struct MembersBody {
    /// The inbox.
    pub inbox_id: Option<Text>,
    /// The users; required.
    pub user_ids: Option<Ints>,
}

impl edge::Shape for MembersBody {}

impl MembersBody {
    /// The inbox; what is no number names none.
    pub fn inbox(&self) -> Option<InboxId> {
        self.inbox_id.as_ref()?.0.trim().parse().ok().map(InboxId::new)
    }

    /// The users.
    pub fn users(&self) -> Option<Vec<UserId>> {
        to_users(self.user_ids.as_ref())
    }
}

/// Users of the account who stop being members of an inbox.
#[derive(Debug, Clone, Default, Deserialize, ToSchema)]
#[schema(as = inbox_members_remove)]
pub struct RemoveMembersBody {
    /// The users; required.
    pub user_ids: Option<Ints>,
}

impl edge::Shape for RemoveMembersBody {}

impl RemoveMembersBody {
    /// The users.
    pub fn users(&self) -> Option<Vec<UserId>> {
        to_users(self.user_ids.as_ref())
    }
}

fn to_users(ids: Option<&Ints>) -> Option<Vec<UserId>> {
    ids.map(|ids| ids.0.iter().copied().map(UserId::new).collect())
}

/// The inboxes in which somebody is to be assigned.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct AssignableAgentsQuery {
    /// At least one.
    pub inbox_ids: Option<Ints>,
}
