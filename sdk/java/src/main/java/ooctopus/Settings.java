package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.AutomationRuleApi;
import io.swagger.client.api.CannedResponseApi;
import io.swagger.client.api.CannedResponsesApi;
import io.swagger.client.api.CustomAttributesApi;
import io.swagger.client.api.CustomFiltersApi;
import io.swagger.client.api.IntegrationsApi;
import io.swagger.client.api.WebhooksApi;
import io.swagger.client.model.AutomationRule;
import io.swagger.client.model.AutomationRuleCreateUpdatePayload;
import io.swagger.client.model.CannedResponse;
import io.swagger.client.model.CannedResponseCreateUpdatePayload;
import io.swagger.client.model.CustomAttribute;
import io.swagger.client.model.CustomAttributeCreateUpdatePayload;
import io.swagger.client.model.CustomFilter;
import io.swagger.client.model.CustomFilterCreateUpdatePayload;
import io.swagger.client.model.IntegrationApp;
import io.swagger.client.model.IntegrationHook;
import io.swagger.client.model.IntegrationsHook;
import io.swagger.client.model.IntegrationsHookCreatePayload;
import io.swagger.client.model.IntegrationsHookUpdatePayload;
import io.swagger.client.model.Webhook;
import io.swagger.client.model.WebhookCreateUpdatePayload;
import io.swagger.client.model.WebhookCreateUpdatePayload.SubscriptionsEnum;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What the account keeps for its work. */
final class Settings {
    private Settings() {}

    static void tell(Desk desk) throws ApiException {
        cannedResponses(desk);
        customAttributes(desk);
        customFilters(desk);
        automationRules(desk);
        webhooks(desk);
        integrations(desk);
    }

    private static void cannedResponses(Desk desk) throws ApiException {
        CannedResponsesApi api = new CannedResponsesApi(desk.administrator());
        int account = desk.account();
        String code = desk.fresh("hours");
        CannedResponse made = api.addNewCannedResponseToAccount(
                account, new CannedResponseCreateUpdatePayload().shortCode(code).content("Nine to five."));
        Expect.same(code, made.getShortCode());
        int id = Desk.id(made.getId());
        CannedResponse listed = Expect.one(api.getAccountCannedResponse(account), one -> one.getId() == id);
        Expect.same("Nine to five.", listed.getContent());

        CannedResponse changed = new CannedResponseApi(desk.administrator()).updateCannedResponseInAccount(
                account, id, new CannedResponseCreateUpdatePayload().content("Ten to six."));
        Expect.same("Ten to six.", changed.getContent());
        CannedResponse again = Expect.one(api.getAccountCannedResponse(account), one -> one.getId() == id);
        Expect.same("Ten to six.", again.getContent());

        api.deleteCannedResponseFromAccount(account, id);
        Expect.none(api.getAccountCannedResponse(account), one -> one.getId() == id);
    }

    private static void customAttributes(Desk desk) throws ApiException {
        CustomAttributesApi api = new CustomAttributesApi(desk.administrator());
        int account = desk.account();
        CustomAttributeCreateUpdatePayload data = new CustomAttributeCreateUpdatePayload()
                .attributeDisplayName("Frame size")
                .attributeKey("frame_size")
                .attributeDisplayType(1)
                .attributeModel(1);
        CustomAttribute made = api.addNewCustomAttributeToAccount(account, data);
        Expect.same("frame_size", made.getAttributeKey());
        int id = Desk.id(made.getId());
        CustomAttribute shown = api.getDetailsOfASingleCustomAttribute(account, id);
        Expect.same("number", shown.getAttributeDisplayType().getValue());
        Expect.same("contact_attribute", shown.getAttributeModel().getValue());
        CustomAttribute listed = Expect.one(api.getAccountCustomAttribute(account, "1"), one -> one.getId() == id);
        Expect.same("Frame size", listed.getAttributeDisplayName());
        Expect.none(api.getAccountCustomAttribute(account, "0"), one -> one.getId() == id);

        CustomAttribute changed = api.updateCustomAttributeInAccount(
                account, id, new CustomAttributeCreateUpdatePayload().attributeDisplayName("Wheel size"));
        Expect.same("Wheel size", changed.getAttributeDisplayName());
        Expect.same("Wheel size", api.getDetailsOfASingleCustomAttribute(account, id).getAttributeDisplayName());

        api.deleteCustomAttributeFromAccount(account, id);
        Expect.gone(() -> api.getDetailsOfASingleCustomAttribute(account, id));
    }

    private static void customFilters(Desk desk) throws ApiException {
        CustomFiltersApi api = new CustomFiltersApi(desk.administrator());
        int account = desk.account();
        Map<String, Object> condition =
                Map.of("attribute_key", "name", "filter_operator", "contains", "values", List.of("noor"));
        Map<String, Object> query = Map.of("payload", List.of(condition));
        CustomFilterCreateUpdatePayload data = new CustomFilterCreateUpdatePayload()
                .name("All Noors").type(CustomFilterCreateUpdatePayload.TypeEnum.CONTACT).query(query);
        CustomFilter made = api.createACustomFilter(account, data, "contact");
        Expect.same("All Noors", made.getName());
        int id = Desk.id(made.getId());
        CustomFilter shown = api.getDetailsOfASingleCustomFilter(account, id);
        Expect.same("contact", shown.getFilterType().getValue());
        Expect.same(query, shown.getQuery());
        CustomFilter listed = Expect.one(api.listAllFilters(account, "contact"), one -> one.getId() == id);
        Expect.same("All Noors", listed.getName());

        CustomFilterCreateUpdatePayload other = new CustomFilterCreateUpdatePayload().name("Only Noors").query(query);
        Expect.same("Only Noors", api.updateACustomFilter(account, id, other).getName());
        Expect.same("Only Noors", api.getDetailsOfASingleCustomFilter(account, id).getName());

        api.deleteACustomFilter(account, id);
        Expect.gone(() -> api.getDetailsOfASingleCustomFilter(account, id));
    }

    private static void automationRules(Desk desk) throws ApiException {
        AutomationRuleApi api = new AutomationRuleApi(desk.administrator());
        int account = desk.account();
        Map<String, Object> condition = new HashMap<>(
                Map.of("attribute_key", "content", "filter_operator", "contains", "values", List.of("help")));
        Map<String, Object> action = Map.of("action_name", "add_label", "action_params", List.of("help"));
        String name = desk.fresh("Cries for help");
        AutomationRuleCreateUpdatePayload data = new AutomationRuleCreateUpdatePayload()
                .name(name)
                .eventName(AutomationRuleCreateUpdatePayload.EventNameEnum.MESSAGE_CREATED)
                .conditions(List.of(condition))
                .actions(List.of(action));
        AutomationRule made = api.addNewAutomationRuleToAccount(account, data);
        Expect.same(name, made.getName());
        int id = Desk.id(made.getId());
        AutomationRule shown = api.getDetailsOfASingleAutomationRule(account, id).getPayload();
        Expect.same(List.of(action), shown.getActions());
        List<AutomationRule> rules = api.getAccountAutomationRule(account, 1).getPayload();
        AutomationRule listed = Expect.one(rules, one -> one.getId() == id);
        Expect.same("message_created", listed.getEventName().getValue());

        AutomationRuleCreateUpdatePayload other = new AutomationRuleCreateUpdatePayload().description("Labels them");
        Expect.same("Labels them", api.updateAutomationRuleInAccount(account, id, other).getPayload().getDescription());
        Expect.same("Labels them", api.getDetailsOfASingleAutomationRule(account, id).getPayload().getDescription());

        api.deleteAutomationRuleFromAccount(account, id);
        Expect.gone(() -> api.getDetailsOfASingleAutomationRule(account, id));
    }

    private static void webhooks(Desk desk) throws ApiException {
        WebhooksApi api = new WebhooksApi(desk.administrator());
        int account = desk.account();
        WebhookCreateUpdatePayload data = new WebhookCreateUpdatePayload()
                .url("https://hooks.example/sdk").subscriptions(List.of(SubscriptionsEnum.MESSAGE_CREATED));
        Webhook made = api.createAWebhook(account, data).getPayload().getWebhook();
        Expect.same("https://hooks.example/sdk", made.getUrl());
        int id = Desk.id(made.getId());
        Webhook listed = Expect.one(api.listAllWebhooks(account).getPayload().getWebhooks(), one -> one.getId() == id);
        Expect.same(List.of(Webhook.SubscriptionsEnum.MESSAGE_CREATED), listed.getSubscriptions());

        WebhookCreateUpdatePayload other = new WebhookCreateUpdatePayload()
                .url("https://hooks.example/moved").subscriptions(List.of(SubscriptionsEnum.CONVERSATION_CREATED));
        Webhook changed = api.updateAWebhook(account, id, other).getPayload().getWebhook();
        Expect.same("https://hooks.example/moved", changed.getUrl());
        Webhook again = Expect.one(api.listAllWebhooks(account).getPayload().getWebhooks(), one -> one.getId() == id);
        Expect.same("https://hooks.example/moved", again.getUrl());

        api.deleteAWebhook(account, id);
        Expect.none(api.listAllWebhooks(account).getPayload().getWebhooks(), one -> one.getId() == id);
    }

    private static void integrations(Desk desk) throws ApiException {
        IntegrationsApi api = new IntegrationsApi(desk.administrator());
        int account = desk.account();
        int inbox = desk.newInbox();
        IntegrationsHookCreatePayload data = new IntegrationsHookCreatePayload()
                .appId("dialogflow").inboxId(String.valueOf(inbox)).settings(settings("kites"));
        IntegrationsHook made = api.createAnIntegrationHook(account, data);
        Expect.same("dialogflow", made.getAppId());
        int id = Desk.id(made.getId());
        Expect.same(settings("kites"), hook(api, account, id).getSettings());

        IntegrationsHookUpdatePayload other = new IntegrationsHookUpdatePayload().settings(settings("bikes"));
        IntegrationsHook changed = api.updateAnIntegrationsHook(account, id, other);
        Expect.same(settings("bikes"), changed.getSettings());
        Expect.same(settings("bikes"), hook(api, account, id).getSettings());

        api.deleteAnIntegrationHook(account, id);
        Expect.none(dialogflow(api, account).getHooks(), one -> one.getId() == id);
    }

    private static Map<String, Object> settings(String project) {
        return Map.of("project_id", project, "credentials", Map.of("type", "service_account"));
    }

    private static IntegrationHook hook(IntegrationsApi api, int account, int id) throws ApiException {
        return Expect.one(dialogflow(api, account).getHooks(), one -> one.getId() == id);
    }

    private static IntegrationApp dialogflow(IntegrationsApi api, int account) throws ApiException {
        List<IntegrationApp> apps = api.getDetailsOfAllIntegrations(account).getPayload();
        return Expect.one(apps, app -> app.getId().equals("dialogflow"));
    }
}
