package ooctopus;

import io.swagger.client.ApiClient;
import io.swagger.client.ApiException;
import io.swagger.client.api.ContactsApi;
import io.swagger.client.api.ConversationsApi;
import io.swagger.client.api.InboxesApi;
import io.swagger.client.api.ProfileApi;
import io.swagger.client.auth.ApiKeyAuth;
import io.swagger.client.model.ContactCreate;
import io.swagger.client.model.ContactCreatedPayload;
import io.swagger.client.model.Data10Channel;
import io.swagger.client.model.Data5;
import io.swagger.client.model.Data9;
import io.swagger.client.model.User;
import java.math.BigDecimal;
import java.util.Map;

/** The demo: who calls, and records that many chapters need. */
final class Desk {
    private final Map<String, String> demo;
    private final Calls calls;
    private final int account;
    private final int administrator;
    private int number;

    Desk(Map<String, String> demo, Calls calls) throws ApiException {
        this.demo = demo;
        this.calls = calls;
        User me = new ProfileApi(administrator()).fetchProfile();
        Expect.same("mara@lanternbikes.example", me.getEmail());
        Expect.same("Lantern Bikes", Expect.one(me.getAccounts(), any -> true).getName());
        account = id(me.getAccounts().get(0).getId());
        administrator = id(me.getId());
    }

    /** The demo's account. */
    int account() {
        return account;
    }

    /** The administrator's id. */
    int administratorId() {
        return administrator;
    }

    /** The identifier of the demo's API inbox. */
    String inboxIdentifier() {
        return demo.get("INBOX_IDENTIFIER");
    }

    ApiClient administrator() {
        return member(demo.get("ADMINISTRATOR_TOKEN"));
    }

    ApiClient agent() {
        return member(demo.get("AGENT_TOKEN"));
    }

    ApiClient platform() {
        return withKey("platformAppApiKey", demo.get("PLATFORM_TOKEN"));
    }

    /** Somebody without a key, such as a contact. */
    ApiClient anybody() {
        ApiClient client = calls.client();
        client.setBasePath(demo.get("BASE_URL"));
        return client;
    }

    /** The user who has this access token. */
    ApiClient member(String token) {
        return withKey("userApiKey", token);
    }

    private ApiClient withKey(String kind, String token) {
        ApiClient client = anybody();
        ((ApiKeyAuth) client.getAuthentication(kind)).setApiKey(token);
        return client;
    }

    /** A text that nothing else has. */
    String fresh(String text) {
        number++;
        return text + " " + number;
    }

    String freshEmail() {
        number++;
        return "person" + number + "@sdk.example";
    }

    /** A new inbox, of an API. */
    int newInbox() throws ApiException {
        Data9 data = new Data9().name(fresh("Workbench")).channel(new Data10Channel().type("api"));
        return id(new InboxesApi(administrator()).inboxCreation(account, data).getId());
    }

    /** A new contact with a session in the inbox. */
    ContactCreatedPayload newContact(int inbox) throws ApiException {
        ContactCreate data = new ContactCreate().name(fresh("Noor")).email(freshEmail()).inboxId(decimal(inbox));
        return new ContactsApi(administrator()).contactCreate(account, data).getPayload();
    }

    /** The number of a new conversation of a new contact in the inbox. */
    int newConversation(int inbox) throws ApiException {
        long contact = newContact(inbox).getContact().getId();
        Data5 data = new Data5().inboxId(String.valueOf(inbox)).contactId(String.valueOf(contact));
        return id(new ConversationsApi(administrator()).newConversation(account, data).getId());
    }

    static int id(Long id) {
        return Math.toIntExact(id);
    }

    static BigDecimal decimal(long id) {
        return BigDecimal.valueOf(id);
    }
}
