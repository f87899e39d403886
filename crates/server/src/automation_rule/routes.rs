//! Automation rules over HTTP (rest.md §5.7), for administrators only.

use std::collections::HashMap;

use axum::extract::State;
use edge::{Body, BodyWithFiles, Empty, Error, ErrorJson, Json, Path, Query, Result};
use types::{AccountId, AutomationRuleId};

use super::files::{self, RuleFile};
use super::wire::{
    AttachFileBody, AutomationRuleAnswer, AutomationRuleBody, AutomationRuleJson, AutomationRuleListAnswer,
    AutomationRuleListQuery, BlobJson, refuse,
};
use super::{Draft, service, store};
use crate::App;
use crate::access::Administrator;
use crate::account;
use crate::events::Actor;
use crate::file;
use crate::file::upload::{self, Upload};
use crate::idempotency::{Answer, Once};

/// The rules of the account.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/automation_rules",
    operation_id = "getAccountAutomationRule",
    tag = "AutomationRule",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("page" = Option<i64>, Query, description = "Not heeded: there is one page")
    ),
    responses(
        (status = 200, description = "All of them, by id", body = AutomationRuleListAnswer),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn list(
    State(app): State<App>,
    Administrator(member): Administrator,
    _: Query<AutomationRuleListQuery>,
) -> Result<Json<AutomationRuleListAnswer>> {
    let account = member.account_id;
    let read = app.store.read(move |conn| Ok::<_, Error>((store::list(conn, account)?, files::list(conn, account)?)));
    let (rules, files) = read.await?;
    let mut of_rule: HashMap<AutomationRuleId, Vec<RuleFile>> = HashMap::new();
    for file in files {
        of_rule.entry(file.automation_rule_id).or_default().push(file);
    }
    let shown = rules.into_iter().map(|rule| {
        let files = of_rule.remove(&rule.id).unwrap_or_default();
        AutomationRuleJson::new((rule, files), &app.settings.base_url)
    });
    Ok(Json(AutomationRuleListAnswer { payload: shown.collect() }))
}

/// Make a rule.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/automation_rules",
    operation_id = "addNewAutomationRuleToAccount",
    tag = "AutomationRule",
    params(("account_id" = i64, Path, description = "The account")),
    request_body = AutomationRuleBody,
    responses(
        (status = 200, description = "The rule, without wrapper", body = AutomationRuleJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn create(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    body: Result<Body<AutomationRuleBody>>,
) -> Result<Json<Answer<AutomationRuleJson>>> {
    let Body(body) = body.map_err(refuse)?;
    let draft = body.onto(Draft::default());
    let base_url = app.settings.base_url.clone();
    once.about(&body)
        .write(&app, move |tx| {
            let made = service::create(tx, member.account_id, &draft, &base_url, &Actor::from(&member))?;
            Ok(AutomationRuleJson::new(made, &base_url))
        })
        .await
}

/// One rule.
#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account_id}/automation_rules/{id}",
    operation_id = "getDetailsOfASingleAutomationRule",
    tag = "AutomationRule",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The rule")
    ),
    responses(
        (status = 200, description = "The rule", body = AutomationRuleAnswer),
        (status = 401, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such rule", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn show(
    State(app): State<App>,
    Administrator(_): Administrator,
    Path((account, id)): Path<(AccountId, AutomationRuleId)>,
) -> Result<Json<AutomationRuleAnswer>> {
    let found = app.store.read(move |conn| service::show(conn, account, id)).await?;
    Ok(Json(AutomationRuleAnswer { payload: AutomationRuleJson::new(found, &app.settings.base_url) }))
}

/// Change a rule.
#[utoipa::path(
    patch,
    path = "/api/v1/accounts/{account_id}/automation_rules/{id}",
    operation_id = "updateAutomationRuleInAccount",
    tag = "AutomationRule",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The rule")
    ),
    request_body = AutomationRuleBody,
    responses(
        (status = 200, description = "The rule", body = AutomationRuleAnswer),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such rule", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn update(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AutomationRuleId)>,
    body: Result<Body<AutomationRuleBody>>,
) -> Result<Json<AutomationRuleAnswer>> {
    let Body(body) = body.map_err(refuse)?;
    let base_url = app.settings.base_url.clone();
    let written = app.store.write(move |tx| {
        let actor = Actor::from(&member);
        service::update(tx, account, id, |before| body.onto(before), &base_url, &actor)
    });
    let changed = written.await?;
    Ok(Json(AutomationRuleAnswer { payload: AutomationRuleJson::new(changed, &app.settings.base_url) }))
}

/// Remove a rule.
#[utoipa::path(
    delete,
    path = "/api/v1/accounts/{account_id}/automation_rules/{id}",
    operation_id = "deleteAutomationRuleFromAccount",
    tag = "AutomationRule",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The rule")
    ),
    responses(
        (status = 200, description = "Removed"),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such rule", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn delete(
    State(app): State<App>,
    Administrator(member): Administrator,
    Path((account, id)): Path<(AccountId, AutomationRuleId)>,
) -> Result<Empty> {
    app.store.write(move |tx| service::delete(tx, account, id, &Actor::from(&member))).await?;
    Ok(Empty)
}

/// Make a rule like another one, with the same name and the same files.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/automation_rules/{id}/clone",
    operation_id = "cloneAutomationRule",
    tag = "AutomationRule",
    params(
        ("account_id" = i64, Path, description = "The account"),
        ("id" = i64, Path, description = "The rule")
    ),
    responses(
        (status = 200, description = "The new rule", body = AutomationRuleAnswer),
        (status = 403, description = "Not allowed", body = ErrorJson),
        (status = 404, description = "No such rule", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn copy(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    Path((account, id)): Path<(AccountId, AutomationRuleId)>,
) -> Result<Json<Answer<AutomationRuleAnswer>>> {
    let base_url = app.settings.base_url.clone();
    once.write(&app, move |tx| {
        let made = service::copy(tx, account, id, &base_url, &Actor::from(&member))?;
        Ok(AutomationRuleAnswer { payload: AutomationRuleJson::new(made, &base_url) })
    })
    .await
}

/// Store a file, sent as `attachment`, for an action to send; one that no rule names within a day goes again.
#[utoipa::path(
    post,
    path = "/api/v1/accounts/{account_id}/automation_rules/attach_file",
    operation_id = "attachFileToAutomationRule",
    tag = "AutomationRule",
    params(("account_id" = i64, Path, description = "The account")),
    request_body(content = AttachFileBody, content_type = "multipart/form-data"),
    responses(
        (status = 200, description = "The file", body = BlobJson),
        (status = 403, description = "Not allowed", body = ErrorJson)
    ),
    security(("userApiKey" = []))
)]
pub async fn attach_file(
    State(app): State<App>,
    Administrator(member): Administrator,
    once: Once,
    BodyWithFiles { files, .. }: BodyWithFiles<AttachFileBody>,
) -> Result<Json<Answer<BlobJson>>> {
    let once = once.about(&files);
    let file = files.into_iter().rfind(|(field, _)| field == "attachment");
    let (_, file) = file.ok_or_else(|| Error::Refused("A file is needed as attachment".into()))?;
    let uploads = vec![Upload::of(file).await?];
    let write = async |stored: Vec<upload::NewFile>| {
        once.write(&app, move |tx| {
            // An account that is on its way out gets no file any more.
            account::service::lock(tx, member.account_id)?;
            let new = stored.first().ok_or(Error::NotFound("file"))?;
            let blob_id = file::store::insert(tx, Some(member.account_id), new)?;
            Ok(BlobJson { blob_key: new.key.clone(), blob_id })
        })
        .await
    };
    upload::stored_once(&app, uploads, write).await
}
