package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.AccountAgentBotsApi;
import io.swagger.client.api.AgentsApi;
import io.swagger.client.api.InboxesApi;
import io.swagger.client.model.Agent;
import io.swagger.client.model.AgentBot;
import io.swagger.client.model.AgentBotCreateUpdatePayload;
import io.swagger.client.model.Data10;
import io.swagger.client.model.Data10Channel;
import io.swagger.client.model.Data11;
import io.swagger.client.model.Data12;
import io.swagger.client.model.Data13;
import io.swagger.client.model.Data14;
import io.swagger.client.model.Data9;
import io.swagger.client.model.Inbox;
import java.util.List;

/** Where conversations come in, who answers there, and bots that do. */
final class Inboxes {
    private Inboxes() {}

    static void tell(Desk desk) throws ApiException {
        inboxes(desk);
        members(desk);
        bots(desk);
    }

    private static void inboxes(Desk desk) throws ApiException {
        InboxesApi api = new InboxesApi(desk.administrator());
        String name = desk.fresh("Front door");
        Data9 data = new Data9()
                .name(name).greetingEnabled(true).greetingMessage("Welcome").channel(new Data10Channel().type("api"));
        Inbox made = api.inboxCreation(desk.account(), data);
        Expect.same(name, made.getName());
        Inbox shown = api.getInbox(desk.account(), Desk.decimal(made.getId()));
        Expect.same("Welcome", shown.getGreetingMessage());
        List<Inbox> all = api.listAllInboxes(desk.account()).getPayload();
        Expect.same(name, Expect.one(all, inbox -> inbox.getId().equals(made.getId())).getName());

        Inbox changed = api.updateInbox(
                desk.account(), Desk.decimal(made.getId()), new Data10().name("Back door").csatSurveyEnabled(true));
        Expect.same("Back door", changed.getName());
        Inbox again = api.getInbox(desk.account(), Desk.decimal(made.getId()));
        Expect.same("Back door", again.getName());
        Expect.same(true, again.isCsatSurveyEnabled());
    }

    private static void members(Desk desk) throws ApiException {
        InboxesApi api = new InboxesApi(desk.administrator());
        int account = desk.account();
        int inbox = desk.newInbox();
        String text = String.valueOf(inbox);
        List<Integer> agents = ids(new AgentsApi(desk.administrator()).getAccountAgents(account)).subList(0, 2);
        List<Integer> first = agents.subList(0, 1);
        List<Integer> second = agents.subList(1, 2);

        Data13 added = new Data13().inboxId(text).userIds(first);
        Expect.same(first, ids(api.addNewAgentToInbox(account, added).getPayload()));
        Expect.same(first, ids(api.getInboxMembers(account, inbox).getPayload()));
        Data14 set = new Data14().inboxId(text).userIds(second);
        Expect.same(second, ids(api.updateAgentsInInbox(account, set).getPayload()));
        Expect.same(second, ids(api.getInboxMembers(account, inbox).getPayload()));
        api.deleteAgentInInbox(account, inbox, new Data12().inboxId(text).userIds(second));
        Expect.same(List.of(), api.getInboxMembers(account, inbox).getPayload());
    }

    private static void bots(Desk desk) throws ApiException {
        AccountAgentBotsApi api = new AccountAgentBotsApi(desk.administrator());
        int account = desk.account();
        String address = "https://bot.example/bell";
        AgentBotCreateUpdatePayload data =
                new AgentBotCreateUpdatePayload().name("Bell bot").description("Rings").outgoingUrl(address);
        AgentBot made = api.createAnAccountAgentBot(account, data);
        Expect.same("Bell bot", made.getName());
        int id = Desk.id(made.getId());
        Expect.same(address, api.getDetailsOfASingleAccountAgentBot(account, id).getOutgoingUrl());
        AgentBot listed = Expect.one(api.listAllAccountAgentBots(account), bot -> bot.getId() == id);
        Expect.same("Rings", listed.getDescription());
        AgentBotCreateUpdatePayload other = new AgentBotCreateUpdatePayload().name("Horn bot");
        Expect.same("Horn bot", api.updateAnAccountAgentBot(account, id, other).getName());
        Expect.same("Horn bot", api.getDetailsOfASingleAccountAgentBot(account, id).getName());

        InboxesApi inboxes = new InboxesApi(desk.administrator());
        int inbox = desk.newInbox();
        inboxes.updateAgentBot(account, Desk.decimal(inbox), new Data11().agentBot(Desk.decimal(id)));
        Expect.same("Horn bot", inboxes.getInboxAgentBot(account, Desk.decimal(inbox)).getAgentBot().getName());

        api.deleteAnAccountAgentBot(account, id);
        Expect.gone(() -> api.getDetailsOfASingleAccountAgentBot(account, id));
    }

    private static List<Integer> ids(List<Agent> agents) {
        return agents.stream().map(agent -> Desk.id(agent.getId())).toList();
    }
}
