//! Inboxes as the wire has them (rest.md §4.4, §5.13).

use std::collections::HashMap;

use ::store::Conn;
use edge::Result;
use serde::Serialize;
use serde_json::{Map, Value};
use types::{AccountId, ChannelId, ChannelKind, InboxId, Json, ReplyTime, Timestamp};
use utoipa::ToSchema;

use super::channel::{ApiSettings, EmailSettings, WebsiteSettings};
use super::{Inbox, hours};
use crate::BaseUrl;
use crate::access::Member;
use crate::agent::wire::AgentJson;
use crate::agent_bot::wire::AgentBotJson;

/// Who looks at an inbox: secrets are for administrators only (decisions §2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InboxView {
    /// Sees everything.
    Administrator,
    /// Sees no tokens and no credentials.
    Agent,
}

impl InboxView {
    /// As `member` sees inboxes.
    pub fn of(member: &Member) -> Self {
        if member.is_administrator() { Self::Administrator } else { Self::Agent }
    }
}

/// An inbox. Keys that are marked as absent belong to one kind of channel, or are secrets.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = inbox)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
pub struct InboxJson {
    /// Inbox id.
    pub id: InboxId,
    /// Picture, or empty.
    pub avatar_url: String,
    /// Id of its channel.
    pub channel_id: ChannelId,
    /// Name.
    pub name: String,
    /// Kind of its channel.
    pub channel_type: ChannelKind,
    /// Whether new conversations are greeted.
    pub greeting_enabled: bool,
    /// The greeting.
    pub greeting_message: Option<String>,
    /// Whether the opening hours count.
    pub working_hours_enabled: bool,
    /// Whether contacts are asked for their e-mail address.
    pub enable_email_collect: bool,
    /// Whether contacts are asked for a rating.
    pub csat_survey_enabled: bool,
    /// How they are asked.
    pub csat_config: Json,
    /// Whether open conversations are given to members in turn.
    pub enable_auto_assignment: bool,
    /// How they are given.
    pub auto_assignment_config: Json,
    /// The answer outside of the opening hours.
    pub out_of_office_message: Option<String>,
    /// Seven days, from Sunday.
    pub working_hours: Vec<WorkingHoursJson>,
    /// Time zone of the opening hours, as the tz database names it.
    pub timezone: String,
    /// Null: only channels of telephone providers have one.
    pub callback_webhook_url: Option<String>,
    /// Whether the widget takes messages in a resolved conversation.
    pub allow_messages_after_resolved: bool,
    /// Whether a contact has one conversation that reopens.
    pub lock_to_single_conversation: bool,
    /// `friendly` or `professional`.
    pub sender_name_type: String,
    /// Name of the business in mails.
    pub business_name: Option<String>,
    /// Website: where the widget may run, with commas; else null.
    pub allowed_domains: Option<String>,
    /// Website: colour of the widget; else null.
    pub widget_color: Option<String>,
    /// Website: its address; else null.
    pub website_url: Option<String>,
    /// Website and API: whether contacts must prove their identity; else null.
    pub hmac_mandatory: Option<bool>,
    /// Website: heading of the widget; else null.
    pub welcome_title: Option<String>,
    /// Website: line below the heading; else null.
    pub welcome_tagline: Option<String>,
    /// Website: HTML that starts the widget; else null.
    pub web_widget_script: Option<String>,
    /// Website: names it in the widget; else null.
    pub website_token: Option<String>,
    /// Website: what the widget offers; else null.
    pub selected_feature_flags: Option<Vec<String>>,
    /// Website: the answering time that the widget promises; else null.
    pub reply_time: Option<ReplyTime>,
    /// Null: only channels of telephone providers have one.
    pub messaging_service_sid: Option<String>,
    /// Null: only channels of telephone providers have one.
    pub phone_number: Option<String>,
    /// E-mail: `google` or `microsoft` when the mailbox is theirs; else null.
    pub provider: Option<String>,
    /// Website and API, for administrators: the key that signs contacts' identities.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub hmac_token: Option<String>,
    /// Website: whether the widget asks with a form before a chat begins.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub pre_chat_form_enabled: Option<bool>,
    /// Website: the form.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Json>)]
    pub pre_chat_form_options: Option<Map<String, Value>>,
    /// Website: whether answers go by mail to contacts who have left.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub continuity_via_email: Option<bool>,
    /// API: what is told of its messages; null and empty: nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub webhook_url: Option<Json>,
    /// API: names it in the Public API.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub inbox_identifier: Option<String>,
    /// API: free attributes.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Json>)]
    pub additional_attributes: Option<Map<String, Value>>,
    /// API, for administrators: the key that signs deliveries to the webhook.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub secret: Option<String>,
    /// E-mail: its address.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub email: Option<String>,
    /// E-mail: where mail for it may be forwarded to.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub forward_to_email: Option<String>,
    /// E-mail, for administrators: IMAP user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_login: Option<String>,
    /// E-mail, for administrators: IMAP password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_password: Option<String>,
    /// E-mail, for administrators: IMAP host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_address: Option<String>,
    /// E-mail, for administrators: IMAP port, 0 if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_port: Option<i64>,
    /// E-mail, for administrators: whether mail is fetched by IMAP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_enabled: Option<bool>,
    /// E-mail, for administrators: whether IMAP speaks TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_enable_ssl: Option<bool>,
    /// E-mail, for administrators: how IMAP signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub imap_authentication: Option<String>,
    /// E-mail, for administrators: SMTP user.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_login: Option<String>,
    /// E-mail, for administrators: SMTP password.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_password: Option<String>,
    /// E-mail, for administrators: SMTP host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_address: Option<String>,
    /// E-mail, for administrators: SMTP port, 0 if not set.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_port: Option<i64>,
    /// E-mail, for administrators: whether mail is sent by SMTP.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_enabled: Option<bool>,
    /// E-mail, for administrators: the name that the server says to the SMTP host.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_domain: Option<String>,
    /// E-mail, for administrators: whether SMTP begins with TLS.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_enable_ssl_tls: Option<bool>,
    /// E-mail, for administrators: whether SMTP turns to TLS when the host offers it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_enable_starttls_auto: Option<bool>,
    /// E-mail, for administrators: how the host's certificate is checked.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_openssl_verify_mode: Option<String>,
    /// E-mail, for administrators: how SMTP signs in.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub smtp_authentication: Option<String>,
}

/// When an inbox is open on one day of the week (rest.md §6.9).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = inbox_working_hours)]
pub struct WorkingHoursJson {
    /// 0 is Sunday.
    pub day_of_week: i64,
    /// Closed.
    pub closed_all_day: bool,
    /// 0 to 23; null when closed.
    pub open_hour: Option<i64>,
    /// 0 to 59; null when closed.
    pub open_minutes: Option<i64>,
    /// 0 to 23; null when closed.
    pub close_hour: Option<i64>,
    /// 0 to 59; null when closed.
    pub close_minutes: Option<i64>,
    /// Open from 0:00 to 23:59.
    pub open_all_day: bool,
}

impl InboxJson {
    /// The inboxes of one account, in their order, as `view` sees them; `base_url` is the server's own address.
    pub fn load(conn: &mut Conn<'_>, inboxes: Vec<Inbox>, view: InboxView, base_url: &BaseUrl) -> Result<Vec<Self>> {
        let Some(account) = inboxes.first().map(|inbox| inbox.account_id) else { return Ok(Vec::new()) };
        let ids: Vec<InboxId> = inboxes.iter().map(|inbox| inbox.id).collect();
        let mut hours: HashMap<InboxId, Vec<WorkingHoursJson>> = HashMap::with_capacity(ids.len());
        for day in hours::list(conn, account, &ids)? {
            hours.entry(day.inbox_id).or_default().push(day.into());
        }
        let answers = inboxes.into_iter().map(|inbox| {
            let working_hours = hours.remove(&inbox.id).unwrap_or_default();
            Self::new(inbox, working_hours, view, base_url)
        });
        Ok(answers.collect())
    }

    /// One inbox as `view` sees it.
    pub fn load_one(conn: &mut Conn<'_>, inbox: Inbox, view: InboxView, base_url: &BaseUrl) -> Result<Self> {
        let mut answers = Self::load(conn, vec![inbox], view, base_url)?;
        answers.pop().ok_or(edge::Error::NotFound("inbox"))
    }

    fn new(inbox: Inbox, working_hours: Vec<WorkingHoursJson>, view: InboxView, base_url: &BaseUrl) -> Self {
        let kind = inbox.channel_kind;
        let settings = inbox.channel_settings.clone();
        let (tokens, email) = (
            (inbox.website_token.clone(), inbox.identifier.clone(), inbox.hmac_token.clone(), inbox.hmac_mandatory),
            (inbox.email.clone(), inbox.forward_to_email.clone()),
        );
        let (website_token, identifier, hmac_token, hmac_mandatory) = tokens;
        let plain = Self::plain(inbox, working_hours, base_url);
        let shown = |secret: Option<String>| secret.filter(|_| view == InboxView::Administrator);
        match kind {
            ChannelKind::WebWidget => {
                let settings: WebsiteSettings = settings.read();
                Self {
                    allowed_domains: Some(settings.allowed_domains),
                    widget_color: Some(settings.widget_color),
                    website_url: Some(settings.website_url),
                    hmac_mandatory: Some(hmac_mandatory),
                    welcome_title: settings.welcome_title,
                    welcome_tagline: settings.welcome_tagline,
                    web_widget_script: website_token.as_deref().map(|token| widget_script(base_url, token)),
                    website_token,
                    selected_feature_flags: Some(settings.selected_feature_flags),
                    reply_time: Some(settings.reply_time),
                    hmac_token: shown(hmac_token),
                    pre_chat_form_enabled: Some(settings.pre_chat_form_enabled),
                    pre_chat_form_options: Some(settings.pre_chat_form_options),
                    continuity_via_email: Some(settings.continuity_via_email),
                    ..plain
                }
            }
            ChannelKind::Api => {
                let settings: ApiSettings = settings.read();
                Self {
                    hmac_mandatory: Some(hmac_mandatory),
                    hmac_token: shown(hmac_token),
                    webhook_url: Some(Json::of(&settings.webhook_url)),
                    inbox_identifier: identifier,
                    additional_attributes: Some(settings.additional_attributes),
                    secret: shown(Some(settings.secret)),
                    ..plain
                }
            }
            ChannelKind::Email => {
                let settings: EmailSettings = settings.read();
                let answer =
                    Self { email: email.0, forward_to_email: email.1, provider: settings.provider.clone(), ..plain };
                if view == InboxView::Administrator { answer.with_mail_access(settings) } else { answer }
            }
        }
    }

    /// The same with how mail is fetched and sent.
    fn with_mail_access(self, settings: EmailSettings) -> Self {
        Self {
            imap_login: Some(settings.imap_login),
            imap_password: Some(settings.imap_password),
            imap_address: Some(settings.imap_address),
            imap_port: Some(settings.imap_port),
            imap_enabled: Some(settings.imap_enabled),
            imap_enable_ssl: Some(settings.imap_enable_ssl),
            imap_authentication: Some(settings.imap_authentication),
            smtp_login: Some(settings.smtp_login),
            smtp_password: Some(settings.smtp_password),
            smtp_address: Some(settings.smtp_address),
            smtp_port: Some(settings.smtp_port),
            smtp_enabled: Some(settings.smtp_enabled),
            smtp_domain: Some(settings.smtp_domain),
            smtp_enable_ssl_tls: Some(settings.smtp_enable_ssl_tls),
            smtp_enable_starttls_auto: Some(settings.smtp_enable_starttls_auto),
            smtp_openssl_verify_mode: Some(settings.smtp_openssl_verify_mode),
            smtp_authentication: Some(settings.smtp_authentication),
            ..self
        }
    }

    /// What every kind of channel has.
    fn plain(inbox: Inbox, working_hours: Vec<WorkingHoursJson>, base_url: &BaseUrl) -> Self {
        Self {
            id: inbox.id,
            avatar_url: base_url.of_picture(inbox.avatar.as_ref()),
            channel_id: inbox.channel_id,
            name: inbox.name,
            channel_type: inbox.channel_kind,
            greeting_enabled: inbox.greeting_enabled,
            greeting_message: inbox.greeting_message,
            working_hours_enabled: inbox.working_hours_enabled,
            enable_email_collect: inbox.enable_email_collect,
            csat_survey_enabled: inbox.csat_survey_enabled,
            csat_config: inbox.csat_config,
            enable_auto_assignment: inbox.enable_auto_assignment,
            auto_assignment_config: inbox.auto_assignment_config,
            out_of_office_message: inbox.out_of_office_message,
            working_hours,
            timezone: inbox.timezone,
            callback_webhook_url: None,
            allow_messages_after_resolved: inbox.allow_messages_after_resolved,
            lock_to_single_conversation: inbox.lock_to_single_conversation,
            sender_name_type: inbox.sender_name_type,
            business_name: inbox.business_name,
            allowed_domains: None,
            widget_color: None,
            website_url: None,
            hmac_mandatory: None,
            welcome_title: None,
            welcome_tagline: None,
            web_widget_script: None,
            website_token: None,
            selected_feature_flags: None,
            reply_time: None,
            messaging_service_sid: None,
            phone_number: None,
            provider: None,
            hmac_token: None,
            pre_chat_form_enabled: None,
            pre_chat_form_options: None,
            continuity_via_email: None,
            webhook_url: None,
            inbox_identifier: None,
            additional_attributes: None,
            secret: None,
            email: None,
            forward_to_email: None,
            imap_login: None,
            imap_password: None,
            imap_address: None,
            imap_port: None,
            imap_enabled: None,
            imap_enable_ssl: None,
            imap_authentication: None,
            smtp_login: None,
            smtp_password: None,
            smtp_address: None,
            smtp_port: None,
            smtp_enabled: None,
            smtp_domain: None,
            smtp_enable_ssl_tls: None,
            smtp_enable_starttls_auto: None,
            smtp_openssl_verify_mode: None,
            smtp_authentication: None,
        }
    }
}

impl From<hours::WorkingDay> for WorkingHoursJson {
    fn from(day: hours::WorkingDay) -> Self {
        Self {
            day_of_week: day.day_of_week,
            closed_all_day: day.closed_all_day,
            open_hour: day.open_hour,
            open_minutes: day.open_minutes,
            close_hour: day.close_hour,
            close_minutes: day.close_minutes,
            open_all_day: day.open_all_day,
        }
    }
}

/// HTML for the customer's page: loads the widget from this server and starts it.
fn widget_script(base_url: &str, website_token: &str) -> String {
    let literal = |text: &str| Value::from(text).to_string().replace('<', "\\u003c");
    format!(
        r#"<script>
  (function (page, server, token) {{
    var loader = page.createElement("script");
    loader.async = true;
    loader.src = server + "/packs/js/sdk.js";
    loader.onload = function () {{
      window.chatwootSDK.run({{ websiteToken: token, baseUrl: server }});
    }};
    page.head.appendChild(loader);
  }})(document, {}, {});
</script>
"#,
        literal(base_url),
        literal(website_token)
    )
}

/// All inboxes that the caller sees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = inbox_list)]
pub struct InboxListJson {
    /// By id.
    pub payload: Vec<InboxJson>,
}

/// The bot of an inbox.
#[derive(Serialize, ToSchema)]
#[schema(as = inbox_agent_bot)]
pub struct InboxBotJson {
    /// Absent if the inbox has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub agent_bot: Option<AgentBotJson>,
}

/// The members of an inbox.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = inbox_members)]
pub struct InboxMembersJson {
    /// By id.
    pub payload: Vec<AgentJson>,
}

/// An inbox as it is stored (rest.md §4.10).
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = inbox_record)]
#[expect(clippy::struct_excessive_bools, reason = "switches of the contract")]
pub struct InboxRecordJson {
    /// Inbox id.
    pub id: InboxId,
    /// Id of its channel.
    pub channel_id: ChannelId,
    /// The account.
    pub account_id: AccountId,
    /// Name.
    pub name: String,
    /// ISO text.
    pub created_at: Timestamp,
    /// ISO text.
    pub updated_at: Timestamp,
    /// Kind of its channel.
    pub channel_type: ChannelKind,
    /// Whether open conversations are given to members in turn.
    pub enable_auto_assignment: bool,
    /// Whether new conversations are greeted.
    pub greeting_enabled: bool,
    /// The greeting.
    pub greeting_message: Option<String>,
    /// The mail address that a website inbox answers from.
    pub email_address: Option<String>,
    /// Whether the opening hours count.
    pub working_hours_enabled: bool,
    /// The answer outside of the opening hours.
    pub out_of_office_message: Option<String>,
    /// Time zone of the opening hours.
    pub timezone: String,
    /// Whether contacts are asked for their e-mail address.
    pub enable_email_collect: bool,
    /// Whether contacts are asked for a rating.
    pub csat_survey_enabled: bool,
    /// Whether the widget takes messages in a resolved conversation.
    pub allow_messages_after_resolved: bool,
    /// How conversations are given to members.
    pub auto_assignment_config: Json,
    /// Whether a contact has one conversation that reopens.
    pub lock_to_single_conversation: bool,
    /// The help center that the widget shows.
    pub portal_id: Option<i64>,
    /// `friendly` or `professional`.
    pub sender_name_type: String,
    /// Name of the business in mails.
    pub business_name: Option<String>,
    /// How contacts are asked for a rating.
    pub csat_config: Json,
}

impl From<&Inbox> for InboxRecordJson {
    fn from(inbox: &Inbox) -> Self {
        Self {
            id: inbox.id,
            channel_id: inbox.channel_id,
            account_id: inbox.account_id,
            name: inbox.name.clone(),
            created_at: inbox.created_at,
            updated_at: inbox.updated_at,
            channel_type: inbox.channel_kind,
            enable_auto_assignment: inbox.enable_auto_assignment,
            greeting_enabled: inbox.greeting_enabled,
            greeting_message: inbox.greeting_message.clone(),
            email_address: inbox.email_address.clone(),
            working_hours_enabled: inbox.working_hours_enabled,
            out_of_office_message: inbox.out_of_office_message.clone(),
            timezone: inbox.timezone.clone(),
            enable_email_collect: inbox.enable_email_collect,
            csat_survey_enabled: inbox.csat_survey_enabled,
            allow_messages_after_resolved: inbox.allow_messages_after_resolved,
            auto_assignment_config: inbox.auto_assignment_config.clone(),
            lock_to_single_conversation: inbox.lock_to_single_conversation,
            portal_id: None,
            sender_name_type: inbox.sender_name_type.clone(),
            business_name: inbox.business_name.clone(),
            csat_config: inbox.csat_config.clone(),
        }
    }
}

/// What the deletion of an inbox answers (superset §9).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = inbox_deleted)]
pub struct DeletedInboxJson {
    /// A sentence for a person.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::widget_script;

    #[test]
    fn the_script_names_server_and_website_and_cannot_be_broken_out_of() {
        let script = widget_script("https://desk.example/</script>", "token");
        assert!(script.contains(r#""https://desk.example/\u003c/script>", "token""#), "{script}");
        assert!(script.contains("/packs/js/sdk.js"));
        assert_eq!(script.matches("</script>").count(), 1);
    }
}
