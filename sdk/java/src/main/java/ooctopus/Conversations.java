package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.ConversationAssignmentApi;
import io.swagger.client.api.ConversationLabelsApi;
import io.swagger.client.api.ConversationsApi;
import io.swagger.client.api.MessagesApi;
import io.swagger.client.model.Conversation;
import io.swagger.client.model.ConversationCountMeta;
import io.swagger.client.model.ConversationMessageCreate;
import io.swagger.client.model.ConversationShow;
import io.swagger.client.model.ConversationStatusToggle;
import io.swagger.client.model.Data5;
import io.swagger.client.model.Data6;
import io.swagger.client.model.Data7;
import io.swagger.client.model.Data8;
import io.swagger.client.model.InlineResponse2004;
import io.swagger.client.model.InlineResponse2005;
import io.swagger.client.model.Message;
import io.swagger.client.model.Payload;
import java.util.List;
import java.util.Map;

/** Conversations as the team has them, and their messages. */
final class Conversations {
    private Conversations() {}

    static void tell(Desk desk) throws ApiException {
        int inbox = desk.newInbox();
        int number = open(desk, inbox);
        find(desk, inbox, number);
        change(desk, number);
        messages(desk, number);
    }

    private static int open(Desk desk, int inbox) throws ApiException {
        ConversationsApi api = new ConversationsApi(desk.administrator());
        long contact = desk.newContact(inbox).getContact().getId();
        Data5 data = new Data5()
                .inboxId(String.valueOf(inbox))
                .contactId(String.valueOf(contact))
                .customAttributes(Map.of("order", "4711"));
        InlineResponse2004 made = api.newConversation(desk.account(), data);
        Expect.same((long) inbox, made.getInboxId());
        int number = Desk.id(made.getId());
        ConversationShow shown = api.getDetailsOfAConversation(desk.account(), number);
        Expect.same(made.getUuid(), shown.getUuid());
        Expect.same(Map.of("order", "4711"), shown.getCustomAttributes());
        Expect.same(contact, shown.getMeta().getSender().getId());
        return number;
    }

    private static void find(Desk desk, int inbox, int number) throws ApiException {
        ConversationsApi api = new ConversationsApi(desk.administrator());
        int account = desk.account();
        List<Conversation> listed =
                api.conversationList(account, "all", "open", null, inbox, null, null, 1).getData().getPayload();
        Expect.same((long) inbox, Expect.one(listed, one -> one.getId() == number).getInboxId());

        ConversationCountMeta counts = api.conversationListMeta(account, "open", null, inbox, null, null).getMeta();
        Expect.same(1L, counts.getAllCount());
        Expect.same(1L, counts.getUnassignedCount());

        Payload condition =
                new Payload().attributeKey("inbox_id").filterOperator("equal_to").addValuesItem(String.valueOf(inbox));
        List<Conversation> filtered = api.conversationFilter(account, List.of(condition), 1).getPayload();
        Expect.same((long) number, Expect.one(filtered, any -> true).getId());
    }

    private static void change(Desk desk, int number) throws ApiException {
        ConversationsApi api = new ConversationsApi(desk.administrator());
        int account = desk.account();
        Data6 status = new Data6().status("pending");
        ConversationStatusToggle toggled = api.toggleStatusOfAConversation(account, number, status);
        Expect.same("pending", toggled.getPayload().getCurrentStatus().getValue());
        Expect.same("pending", api.getDetailsOfAConversation(account, number).getStatus().getValue());

        long administrator = desk.administratorId();
        Data7 assignment = new Data7().assigneeId(Desk.decimal(administrator));
        ConversationAssignmentApi assignments = new ConversationAssignmentApi(desk.administrator());
        Expect.same(administrator, assignments.assignAConversation(account, number, assignment).getId());
        ConversationShow assigned = api.getDetailsOfAConversation(account, number);
        Expect.same(administrator, assigned.getMeta().getAssignee().getId());

        ConversationLabelsApi labels = new ConversationLabelsApi(desk.administrator());
        List<String> wanted = List.of("delivery", "vip");
        Data8 data = new Data8().labels(wanted);
        Expect.same(wanted, sorted(labels.conversationAddLabels(account, number, data).getPayload()));
        Expect.same(wanted, sorted(labels.listAllLabelsOfAConversation(account, number).getPayload()));
        Expect.same(wanted, sorted(api.getDetailsOfAConversation(account, number).getLabels()));
        List<Conversation> labelled = api.conversationList(
                account, "me", "pending", null, null, null, List.of("vip"), 1).getData().getPayload();
        Expect.same("pending", Expect.one(labelled, one -> one.getId() == number).getStatus().getValue());
    }

    private static void messages(Desk desk, int number) throws ApiException {
        MessagesApi api = new MessagesApi(desk.administrator());
        int account = desk.account();
        ConversationMessageCreate data =
                new ConversationMessageCreate().content("It left us on Thursday.")._private(true);
        InlineResponse2005 made = api.createANewMessageInAConversation(account, number, data);
        Expect.same("It left us on Thursday.", made.getContent());
        long id = made.getId();
        Message listed = Expect.one(api.listAllMessages(account, number).getPayload(), one -> one.getId() == id);
        Expect.same(true, listed.isPrivate());

        api.deleteAMessage(account, number, Desk.id(id));
        Message left = Expect.one(api.listAllMessages(account, number).getPayload(), one -> one.getId() == id);
        Expect.that(!"It left us on Thursday.".equals(left.getContent()), "the content is still there");
    }

    private static List<String> sorted(List<String> texts) {
        return texts.stream().sorted().toList();
    }
}
