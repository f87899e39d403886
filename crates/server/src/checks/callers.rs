//! Who may call what: every route × every kind of caller.

use std::collections::BTreeSet;

use store::sql;
use store::testing::db_test;
use testing::openapi::Validator;
use types::AgentBotId;

use super::site::Site;
use super::{Operation, Sent, Session, check_document, check_refusal, document, operations, sample};
use crate::testing::TestApp;
use crate::token;

/// The columns of [`TABLE`].
const CALLERS: [&str; 12] = [
    "nobody",
    "an unknown token",
    "an agent inside of the inbox",
    "an agent outside of the inbox",
    "an administrator",
    "another account's administrator",
    "a bot that is connected to an inbox",
    "another account's bot",
    "a suspended account's administrator, at home",
    "a platform app with the grant",
    "a platform app without the grant",
    "a deleted user",
];

/// Callers that are refused before the body is read, wherever they are refused.
const STRANGERS: [usize; 6] = [0, 1, 5, 7, 8, 11];

type Row = (&'static str, [u16; 12]);

/// The status for each of [`CALLERS`]. A known caller who may not is answered 401 where the operation does not
/// document 403 (decisions §1).
#[rustfmt::skip]
const TABLE: &[Row] = &[
    //                                                           none  bad  in   out admin other bot b-oth susp app app- gone
    ("GET /api",                                                 [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /health",                                              [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /livez",                                               [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /readyz",                                              [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),

    ("POST /platform/api/v1/accounts",                           [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 200, 401]),
    ("GET /platform/api/v1/accounts/{account_id}",               [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("PATCH /platform/api/v1/accounts/{account_id}",             [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("DELETE /platform/api/v1/accounts/{account_id}",            [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("POST /platform/api/v1/users",                              [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 200, 401]),
    ("GET /platform/api/v1/users/{id}",                          [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET /platform/api/v1/users/{id}/login",                    [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("PATCH /platform/api/v1/users/{id}",                        [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("DELETE /platform/api/v1/users/{id}",                       [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET /platform/api/v1/accounts/{account_id}/account_users", [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("POST /platform/api/v1/accounts/{account_id}/account_users",[401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("DELETE /platform/api/v1/accounts/{account_id}/account_users",
                                                                 [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("GET /platform/api/v1/agent_bots",                          [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 200, 401]),
    ("POST /platform/api/v1/agent_bots",                         [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 200, 401]),
    ("GET /platform/api/v1/agent_bots/{id}",                     [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("PATCH /platform/api/v1/agent_bots/{id}",                   [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("DELETE /platform/api/v1/agent_bots/{id}",                  [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 401, 401]),
    ("DELETE /platform/api/v1/agent_bots/{id}/avatar",           [401, 401, 401, 401, 401, 401, 401, 401, 401, 200, 403, 401]),

    // Whoever calls: a session decides, and the address of the second has one.
    ("POST /auth/sign_in",                                       [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("GET /auth/validate_token",                                 [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("DELETE /auth/sign_out",                                    [404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404, 404]),
    ("POST /auth/password",                                      [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    // Nobody has a link from a mail.
    ("PUT /auth/password",                                       [422, 422, 422, 422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("POST /auth/confirmation",                                  [422, 422, 422, 422, 422, 422, 422, 422, 422, 422, 422, 422]),
    ("POST /resend_confirmation",                                [200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200, 200]),
    ("POST /api/v1/accounts",                                    [200, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}",                        [401, 401, 200, 200, 200, 404, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}",                      [401, 401, 403, 403, 200, 404, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/update_active_at",      [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/cache_keys",             [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/profile",                                      [401, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),
    ("PUT /api/v1/profile",                                      [401, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),
    ("DELETE /api/v1/profile/avatar",                            [401, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),
    ("POST /api/v1/profile/resend_confirmation",                 [401, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),
    ("POST /api/v1/profile/availability",                        [401, 401, 200, 200, 200, 404, 401, 401, 200, 401, 401, 401]),
    ("POST /api/v1/profile/auto_offline",                        [401, 401, 200, 200, 200, 404, 401, 401, 200, 401, 401, 401]),
    ("PUT /api/v1/profile/set_active_account",                   [401, 401, 200, 200, 200, 404, 401, 401, 200, 401, 401, 401]),
    ("POST /api/v1/profile/reset_access_token",                  [401, 401, 200, 200, 200, 200, 401, 401, 200, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/agents",                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/agents",                [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/agents/bulk_create",    [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/agents/{id}",          [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/agents/{id}",         [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/agent_bots",             [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/agent_bots",            [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/agent_bots/{id}",        [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/agent_bots/{id}",      [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/agent_bots/{id}",     [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/agent_bots/{id}/reset_access_token",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/agent_bots/{id}/reset_secret",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/agent_bots/{id}/avatar",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/inboxes",                [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/inboxes",               [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/inboxes/{id}",           [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/inboxes/{id}",        [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/inboxes/{id}",         [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/inboxes/{id}/avatar", [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/inboxes/{id}/reset_secret",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/inboxes/{id}/agent_bot", [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/inboxes/{id}/set_agent_bot",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/inboxes/{id}/assignable_agents",
                                                                 [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/assignable_agents",      [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/inbox_members",         [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/inbox_members",        [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/inbox_members",       [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/inbox_members/{inbox_id}",[401,401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/inbox_members/{inbox_id}",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/canned_responses",       [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/canned_responses",      [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/canned_responses/{id}",[401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/canned_responses/{id}",[401,401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v2/accounts/{account_id}/reports",                [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v2/accounts/{account_id}/reports/summary",        [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v2/accounts/{account_id}/reports/conversations",  [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v2/accounts/{account_id}/reports/conversations/", [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/contacts/{id}/labels",   [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/contacts/{id}/labels",  [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/contacts/filter",       [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/filter",  [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/labels",                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/labels",                [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/labels/{id}",            [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/labels/{id}",          [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/labels/{id}",         [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/custom_attribute_definitions",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/custom_attribute_definitions",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
                                                                 [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/custom_attribute_definitions/{id}",
                                                                 [401, 401, 204, 204, 204, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/custom_filters",         [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/custom_filters",        [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    // Each has its own.
    ("GET /api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
                                                                 [401, 401, 404, 404, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
                                                                 [401, 401, 404, 404, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/custom_filters/{custom_filter_id}",
                                                                 [401, 401, 404, 404, 204, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/integrations/apps",      [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/integrations/apps/{id}", [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/integrations/hooks",    [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
                                                                 [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/integrations/hooks/{hook_id}",
                                                                 [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/automation_rules",       [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/automation_rules",      [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/automation_rules/{id}",  [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/automation_rules/{id}",[401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/automation_rules/{id}",[401,401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/automation_rules/{id}/clone",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    // Here nobody sends the file that it wants.
    ("POST /api/v1/accounts/{account_id}/automation_rules/attach_file",
                                                                 [401, 401, 403, 403, 422, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/webhooks",               [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhooks",              [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/webhooks/{webhook_id}",[401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/webhooks/{webhook_id}",[401,401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhooks/{webhook_id}/reset_secret",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/webhook_endpoints",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/test",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/pause",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/resume",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhook_endpoints/{endpoint_id}/replay",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/webhook_deliveries",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/webhook_deliveries/{delivery_id}",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/webhook_deliveries/{delivery_id}/replay",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/events",                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/teams",                  [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/teams",                 [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/teams/{team_id}",        [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/teams/{team_id}",      [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/teams/{team_id}",     [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/teams/{team_id}/team_members",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/teams/{team_id}/team_members",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/teams/{team_id}/team_members",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/teams/{team_id}/team_members",
                                                                 [401, 401, 403, 403, 200, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/contacts",               [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/contacts",              [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/contacts/search",        [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/contacts/{id}",          [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/contacts/{id}",       [401, 401, 401, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("PUT /api/v1/accounts/{account_id}/contacts/{id}",          [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/contacts/{id}/destroy_custom_attributes",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/contacts/{id}/avatar",[401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/contacts/{id}/contact_inboxes",
                                                                 [401, 401, 200, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/contacts/{id}/contactable_inboxes",
                                                                 [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/contacts/{id}/conversations",
                                                                 [401, 401, 200, 200, 200, 403, 403, 403, 403, 401, 401, 401]),

    ("GET /api/v1/accounts/{account_id}/conversations",          [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations",         [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/conversations/meta",     [401, 401, 200, 200, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/conversations/{conversation_id}",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_status",
                                                                 [401, 401, 200, 401, 200, 401, 200, 401, 401, 401, 401, 401]),
    ("PATCH /api/v1/accounts/{account_id}/conversations/{conversation_id}",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_priority",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/custom_attributes",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/mute",
                                                                 [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/unmute",
                                                                 [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/toggle_typing_status",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/update_last_seen",
                                                                 [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/unread",
                                                                 [401, 401, 200, 403, 200, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/assignments",
                                                                 [401, 401, 200, 401, 200, 401, 200, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
                                                                 [401, 401, 200, 401, 200, 401, 200, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/labels",
                                                                 [401, 401, 200, 401, 200, 401, 200, 401, 401, 401, 401, 401]),
    ("GET /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
                                                                 [401, 401, 200, 401, 200, 401, 401, 401, 401, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),
    ("DELETE /api/v1/accounts/{account_id}/conversations/{conversation_id}/messages/{message_id}",
                                                                 [401, 401, 200, 401, 200, 401, 401, 401, 401, 401, 401, 401]),

    // Nobody has sent a file.
    ("POST /api/v1/accounts/{account_id}/upload",                [401, 401, 422, 422, 422, 403, 403, 403, 403, 401, 401, 401]),
    ("POST /api/v1/accounts/{account_id}/conversations/{conversation_id}/direct_uploads",
                                                                 [401, 401, 200, 403, 200, 403, 200, 403, 403, 401, 401, 401]),

    // Whoever calls: a suspended account's inboxes are not there for the public.
    ("GET /public/api/v1/inboxes/{inbox_identifier}",            [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts",  [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("GET /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("PATCH /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("GET /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("GET /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/toggle_status",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/toggle_typing",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/update_last_seen",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("GET /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("POST /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("PATCH /public/api/v1/inboxes/{inbox_identifier}/contacts/{contact_identifier}/conversations/{conversation_id}/messages/{message_id}",
                                                                 [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("GET /public/api/v1/csat_survey/{uuid}",                    [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
    ("PATCH /public/api/v1/csat_survey/{uuid}",                  [200, 200, 200, 200, 200, 200, 200, 200, 404, 200, 200, 200]),
];

#[test]
fn the_table_has_exactly_the_routes_of_the_router() {
    let routes: BTreeSet<String> = operations().iter().map(Operation::route).collect();
    let rows: BTreeSet<String> = TABLE.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(rows.len(), TABLE.len(), "a route has two rows");
    let missing: Vec<_> = routes.symmetric_difference(&rows).collect();
    assert!(missing.is_empty(), "routes without a row, or rows without a route: {missing:#?}");
}

#[db_test]
async fn every_caller_is_answered_as_the_table_says(app: TestApp) {
    let stage = Stage::new(&app).await;
    let validator = Validator::new(document());
    let mut problems = Vec::new();
    for (place, operation) in operations().iter().enumerate() {
        let Some((route, expected)) = TABLE.iter().find(|(route, _)| *route == operation.route()) else { continue };
        let (allowed, refused): (Vec<usize>, Vec<usize>) =
            (0..CALLERS.len()).partition(|caller| matches!(expected[*caller], 200 | 204));
        let before = app.row_counts().await;
        for caller in refused {
            let sent = stage.request(operation, &stage.site_of(caller).path(operation), caller, place);
            let what = format!("{route} by {}", CALLERS[caller]);
            problems.extend(
                refusal_problems(&app, &validator, &sent, expected[caller], caller)
                    .await
                    .into_iter()
                    .map(|problem| format!("{what}: {problem}")),
            );
        }
        if app.row_counts().await != before {
            problems.push(format!("{route}: a refused caller has changed something"));
        }
        for caller in allowed {
            let path = stage.site_of(caller).disposable_path(&app, operation).await;
            let answer = stage.request(operation, &path, caller, place).to(&app).await;
            let wanted = expected[caller];
            let checked = match operation.json["responses"][wanted.to_string()].get("content") {
                _ if answer.status != wanted => {
                    Err(format!("{} instead of {wanted}: {}", answer.status, String::from_utf8_lossy(&answer.body)))
                }
                None if answer.body.is_empty() => Ok(()),
                None => Err("a body that is not documented".into()),
                Some(content) if content.get("application/json").is_none() => Ok(()),
                Some(_) => validator.check(operation.method.as_str(), &operation.path, 200, &answer.json()),
            };
            problems.extend(checked.err().map(|problem| format!("{route} by {}: {problem}", CALLERS[caller])));
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// The columns of [`TABLE`] whose token is a user's.
const USERS: [usize; 6] = [2, 3, 4, 5, 8, 11];

#[db_test]
async fn a_session_may_what_the_same_users_token_may(app: TestApp) {
    let stage = Stage::new(&app).await;
    let mut problems = Vec::new();
    for (place, operation) in operations().iter().enumerate() {
        let Some((route, expected)) = TABLE.iter().find(|(route, _)| *route == operation.route()) else { continue };
        if operation.path.starts_with("/auth/") || operation.id == "resendConfirmation" {
            continue;
        }
        for caller in USERS {
            let session = stage.sessions[caller].as_ref().unwrap();
            for turn in [1, 2] {
                let site = stage.site_of(caller);
                let path = match expected[caller] {
                    200 | 204 => site.disposable_path(&app, operation).await,
                    _ => site.path(operation),
                };
                // Bodies of other numbers, so that nothing is made twice.
                let sent = stage.request(operation, &path, caller, place + 1_000 * turn);
                let sent = Sent { token: None, ..sent };
                let sent = if turn == 1 { sent.by(session) } else { sent.with_bearer(session) };
                let answer = sent.to(&app).await;
                if answer.status != expected[caller] {
                    let text = String::from_utf8_lossy(&answer.body);
                    let (status, who, wanted) = (answer.status, CALLERS[caller], expected[caller]);
                    problems.push(format!("{route} by a session of {who}: {status} instead of {wanted}: {text}"));
                }
                // The platform has no sessions, and the public API and the probes look at none.
                let is_theirs = operation.path.starts_with("/api/") && caller != 11;
                let repeats = session.iter().all(|(name, value)| answer.headers.get(*name) == Some(value));
                if is_theirs && !repeats {
                    problems.push(format!("{route} by a session of {}: its headers are not repeated", CALLERS[caller]));
                }
            }
        }
    }
    assert!(problems.is_empty(), "{problems:#?}");
}

/// What is wrong with the answer to a caller who must be refused, whatever the body is.
async fn refusal_problems(
    app: &TestApp,
    validator: &Validator,
    sent: &Sent,
    status: u16,
    caller: usize,
) -> Vec<String> {
    let answer = sent.to(app).await;
    let mut problems: Vec<String> = check_document(validator, sent, &answer).err().into_iter().collect();
    if answer.status == status {
        problems.extend(check_refusal(&sent.path, &answer).err());
    } else {
        problems.push(format!("{} instead of {status}: {}", answer.status, String::from_utf8_lossy(&answer.body)));
    }
    if sent.media.is_some() && !matches!(status, 404 | 422) && STRANGERS.contains(&caller) {
        let broken = sent.clone().json("{").to(app).await;
        if broken.status != status {
            problems.push(format!("{} instead of {status} for a body that cannot be read", broken.status));
        }
    }
    problems
}

/// An account, a suspended account, and the token of each of [`CALLERS`].
struct Stage {
    site: Site,
    suspended: Site,
    tokens: [Option<String>; 12],
    /// Of those in [`USERS`].
    sessions: [Option<Session>; 12],
}

impl Stage {
    /// Where one of [`CALLERS`] calls.
    fn site_of(&self, caller: usize) -> &Site {
        if CALLERS[caller].contains("suspended") { &self.suspended } else { &self.site }
    }

    /// What one of [`CALLERS`] sends to `operation`, the `place`-th of the table.
    fn request(&self, operation: &Operation, path: &str, caller: usize, place: usize) -> Sent {
        let sent = Sent::new(&operation.method, path, self.tokens[caller].as_deref());
        match sample::body(operation, self.site_of(caller), place * CALLERS.len() + caller) {
            Some(body) => sent.json(body.to_string()),
            None => sent,
        }
    }

    async fn new(app: &TestApp) -> Self {
        let site = Site::new(app).await;
        let other = Site::new(app).await;
        let suspended = Site::new(app).await;
        let outside = app.agent(site.account).await;
        let deleted = app.administrator(site.account).await;
        let bot = connected_bot(app, &site).await;
        let (_, other_bot) = app.bot(other.account, other.inbox).await;
        let users =
            [&site.agent, &outside, &site.administrator, &other.administrator, &suspended.administrator, &deleted];
        let mut sessions: [Option<Session>; 12] = Default::default();
        for (column, user) in USERS.into_iter().zip(users) {
            sessions[column] = Some(app.session(user).await);
        }
        let (suspended_id, deleted_id) = (suspended.account, deleted.id);
        let changed = app.app.store.write(move |tx| {
            let now = tx.now();
            tx.execute(sql!("UPDATE accounts SET status = 'suspended' WHERE id = $1"), (suspended_id,))?;
            tx.execute(sql!("UPDATE users SET deleting_at = $2 WHERE id = $1"), (deleted_id, now))?;
            Ok::<_, store::Error>(())
        });
        changed.await.unwrap();
        let granted = site.granted_app(app).await;
        let tokens = [
            None,
            Some("unknown".into()),
            Some(site.agent.token.clone()),
            Some(outside.token),
            Some(site.administrator.token.clone()),
            Some(other.administrator.token),
            Some(bot),
            Some(other_bot),
            Some(suspended.administrator.token.clone()),
            Some(granted),
            Some(app.platform_app().await),
            Some(deleted.token),
        ];
        Self { site, suspended, tokens, sessions }
    }
}

/// The token of a bot that belongs to no account and is connected to the site's inbox.
async fn connected_bot(app: &TestApp, site: &Site) -> String {
    let token = token::random();
    let (key, account, inbox) = (token.clone(), site.account, site.inbox);
    app.app
        .store
        .write(move |tx| {
            let now = tx.now();
            let (bot,): (AgentBotId,) = tx.query_one(
                sql!(
                    "INSERT INTO agent_bots (name, bot_type, bot_config, secret, created_at, updated_at)
                     VALUES ('System bot', 'webhook', '{}', $2, $1, $1) RETURNING id"
                ),
                (now, token::random()),
            )?;
            tx.execute(
                sql!("INSERT INTO access_tokens (token, agent_bot_id, created_at) VALUES ($1, $2, $3)"),
                (&key, bot, now),
            )?;
            tx.execute(
                sql!(
                    "INSERT INTO agent_bot_inboxes (account_id, inbox_id, agent_bot_id, status, created_at)
                     VALUES ($1, $2, $3, 'active', $4)"
                ),
                (account, inbox, bot, now),
            )?;
            Ok::<_, store::Error>(())
        })
        .await
        .unwrap();
    token
}
