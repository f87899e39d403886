package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.ContactApi;
import io.swagger.client.api.ContactsApi;
import io.swagger.client.api.ConversationsApi;
import io.swagger.client.model.Contact;
import io.swagger.client.model.ContactCreate;
import io.swagger.client.model.ContactCreatedPayload;
import io.swagger.client.model.ContactInbox;
import io.swagger.client.model.ContactInboxes;
import io.swagger.client.model.ContactUpdate;
import io.swagger.client.model.Conversation;
import io.swagger.client.model.Data4;
import io.swagger.client.model.Data5;
import io.swagger.client.model.Payload;
import java.math.BigDecimal;
import java.util.List;
import java.util.Map;

/** The people who write, as the team sees them. */
final class Contacts {
    private Contacts() {}

    static void tell(Desk desk) throws ApiException {
        ContactsApi api = new ContactsApi(desk.administrator());
        int account = desk.account();
        int inbox = desk.newInbox();
        String name = desk.fresh("Siobhán O’Brien 🚲");
        String email = desk.freshEmail();
        ContactCreate data = new ContactCreate()
                .name(name).email(email).inboxId(Desk.decimal(inbox)).customAttributes(Map.of("frame", "blue"));
        ContactCreatedPayload made = api.contactCreate(account, data).getPayload();
        Expect.same(name, made.getContact().getName());
        long id = made.getContact().getId();
        BigDecimal decimal = Desk.decimal(id);

        Contact shown = api.contactDetails(account, decimal).getPayload();
        Expect.same(email, shown.getEmail());
        Expect.same(Map.of("frame", "blue"), shown.getCustomAttributes());
        Expect.same(made.getContactInbox().getSourceId(), shown.getContactInboxes().get(0).getSourceId());

        find(desk, id, name, email);

        String phone = "+49301234567";
        Contact changed = api.contactUpdate(account, decimal, new ContactUpdate().phoneNumber(phone)).getPayload();
        Expect.same(phone, changed.getPhoneNumber());
        Expect.same(phone, api.contactDetails(account, decimal).getPayload().getPhoneNumber());

        sessions(desk, id);
        conversations(desk, id, inbox);

        api.contactDelete(account, decimal);
        Expect.gone(() -> api.contactDetails(account, decimal));
    }

    private static void find(Desk desk, long id, String name, String email) throws ApiException {
        ContactsApi api = new ContactsApi(desk.administrator());
        List<Contact> newest = api.contactList(desk.account(), "-last_activity_at", 1).getPayload();
        List<Contact> byName = api.contactList(desk.account(), "name", 1).getPayload();
        Expect.that(!newest.isEmpty() && !byName.isEmpty(), "the lists are empty");
        List<Contact> searched = api.contactSearch(desk.account(), email, null, 1).getPayload();
        Expect.same(email, Expect.one(searched, one -> one.getId() == id).getEmail());

        Payload condition = new Payload().attributeKey("email").filterOperator("equal_to").addValuesItem(email);
        List<Contact> filtered = api.contactFilter(desk.account(), List.of(condition), 1).getPayload();
        Expect.same(name, Expect.one(filtered, any -> true).getName());
        Expect.same(1L, api.contactFilter(desk.account(), List.of(condition), 1).getMeta().getCount());

        // Lists show resolved contacts, fifteen on a page; names of the alphabet's end make it the first of one.
        String last = desk.fresh("Żółć");
        ContactUpdate data = new ContactUpdate().name(last);
        api.contactUpdate(desk.account(), Desk.decimal(id), data);
        List<Contact> listed = api.contactList(desk.account(), "-name", 1).getPayload();
        Expect.same(last, Expect.one(listed, one -> one.getId() == id).getName());
    }

    private static void sessions(Desk desk, long id) throws ApiException {
        ContactApi api = new ContactApi(desk.administrator());
        int inbox = desk.newInbox();
        ContactInboxes made =
                api.contactInboxCreation(desk.account(), Desk.decimal(id), new Data4().inboxId(Desk.decimal(inbox)));
        Expect.same((long) inbox, made.getInbox().getId());
        List<ContactInbox> reachable = api.contactableInboxesGet(desk.account(), Desk.decimal(id)).getPayload();
        ContactInbox found = Expect.one(reachable, one -> one.getInbox().getId() == inbox);
        Expect.same(made.getSourceId(), found.getSourceId());
    }

    private static void conversations(Desk desk, long id, int inbox) throws ApiException {
        ContactsApi api = new ContactsApi(desk.administrator());
        Expect.same(List.of(), api.contactConversations(desk.account(), Desk.decimal(id)).getPayload());
        Data5 data = new Data5().inboxId(String.valueOf(inbox)).contactId(String.valueOf(id));
        long number = new ConversationsApi(desk.administrator()).newConversation(desk.account(), data).getId();
        List<Conversation> listed = api.contactConversations(desk.account(), Desk.decimal(id)).getPayload();
        Expect.same("open", Expect.one(listed, one -> one.getId() == number).getStatus().getValue());
    }
}
