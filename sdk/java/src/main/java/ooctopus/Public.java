package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.ContactsApiApi;
import io.swagger.client.api.ConversationsApiApi;
import io.swagger.client.api.MessagesApi;
import io.swagger.client.api.MessagesApiApi;
import io.swagger.client.model.ConversationMessageCreate;
import io.swagger.client.model.PublicContact;
import io.swagger.client.model.PublicContactCreateUpdatePayload;
import io.swagger.client.model.PublicConversation;
import io.swagger.client.model.PublicMessage;
import io.swagger.client.model.PublicMessageCreatePayload;
import io.swagger.client.model.PublicMessageUpdatePayload;
import java.util.List;
import java.util.Map;

/** What a contact's own client does, without a key. */
final class Public {
    private Public() {}

    static void tell(Desk desk) throws ApiException {
        String inbox = desk.inboxIdentifier();
        String source = contact(desk, inbox);
        int number = conversation(desk, inbox, source);
        messages(desk, inbox, source, number);
    }

    private static String contact(Desk desk, String inbox) throws ApiException {
        ContactsApiApi api = new ContactsApiApi(desk.anybody());
        String email = desk.freshEmail();
        PublicContactCreateUpdatePayload noor = new PublicContactCreateUpdatePayload().name("Noor").email(email);
        PublicContact made = api.createAContact(inbox, noor);
        Expect.same("Noor", made.getName());
        String source = made.getSourceId();
        Expect.same(email, api.getDetailsOfAContact(inbox, source).getEmail());
        PublicContactCreateUpdatePayload data = new PublicContactCreateUpdatePayload().name("Noor Haddad");
        Expect.same("Noor Haddad", api.updateAContact(inbox, source, data).getName());
        Expect.same("Noor Haddad", api.getDetailsOfAContact(inbox, source).getName());
        return source;
    }

    private static int conversation(Desk desk, String inbox, String source) throws ApiException {
        ConversationsApiApi api = new ConversationsApiApi(desk.anybody());
        PublicConversation made = api.createAConversation(inbox, source);
        Expect.same("Noor Haddad", made.getContact().getName());
        PublicConversation listed = Expect.one(api.listAllContactConversations(inbox, source), any -> true);
        Expect.same(made.getUuid(), listed.getUuid());
        return Desk.id(made.getId());
    }

    private static void messages(Desk desk, String inbox, String source, int number) throws ApiException {
        MessagesApiApi api = new MessagesApiApi(desk.anybody());
        PublicMessageCreatePayload data = new PublicMessageCreatePayload().content("Where is my parcel?");
        PublicMessage made = api.createAMessage(inbox, source, number, data);
        Expect.same("Where is my parcel?", made.getContent());
        List<PublicMessage> listed = api.listAllConverationMessages(inbox, source, number);
        Expect.same("Where is my parcel?", Expect.one(listed, one -> one.getId().equals(made.getId())).getContent());

        List<Map<String, String>> items =
                List.of(Map.of("title", "Blue", "value", "blue"), Map.of("title", "Red", "value", "red"));
        ConversationMessageCreate question = new ConversationMessageCreate()
                .content("Which frame?").contentType("input_select").contentAttributes(Map.of("items", items));
        long asked = new MessagesApi(desk.administrator())
                .createANewMessageInAConversation(desk.account(), number, question).getId();
        List<Map<String, String>> choice = items.subList(0, 1);
        PublicMessageUpdatePayload answer = new PublicMessageUpdatePayload().submittedValues(choice);
        PublicMessage answered = api.updateAMessage(inbox, source, number, Desk.id(asked), answer);
        Expect.same(asked, answered.getId());
        PublicMessage again = Expect.one(
                api.listAllConverationMessages(inbox, source, number), one -> one.getId() == asked);
        Map<?, ?> attributes = (Map<?, ?>) again.getContentAttributes();
        Expect.same(choice, attributes.get("submitted_values"));
    }
}
