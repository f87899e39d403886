package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.ConversationAssignmentApi;
import io.swagger.client.api.ReportsApi;
import io.swagger.client.model.AccountSummary;
import io.swagger.client.model.AgentConversationMetrics;
import io.swagger.client.model.Data7;
import io.swagger.client.model.InlineResponse2006;
import java.time.Instant;
import java.util.List;

/** Figures; each is asked for before and after something that moves it by one. */
final class Reports {
    private Reports() {}

    static void tell(Desk desk) throws ApiException {
        ReportsApi api = new ReportsApi(desk.administrator());
        int account = desk.account();
        int inbox = desk.newInbox();
        String id = String.valueOf(inbox);
        String since = String.valueOf(Instant.now().minusSeconds(86_400).getEpochSecond());
        String until = String.valueOf(Instant.now().plusSeconds(86_400).getEpochSecond());
        String metric = "conversations_count";
        Expect.same(0.0, sum(api.listAllConversationStatistics(account, metric, "inbox", id, since, until)));
        AccountSummary before = api.listAllConversationStatisticsSummary(account, "inbox", id, since, until);
        Expect.same(0L, before.getConversationsCount());
        long open = api.getAccountConversationMetrics(account, "account").getOpen();
        long mine = mine(desk).getMetric().getOpen();

        int number = desk.newConversation(inbox);
        Data7 assignment = new Data7().assigneeId(Desk.decimal(desk.administratorId()));
        new ConversationAssignmentApi(desk.administrator()).assignAConversation(account, number, assignment);

        List<InlineResponse2006> days =
                api.listAllConversationStatistics(account, metric, "inbox", id, since, until);
        Expect.that(days.size() >= 2, "there are " + days.size() + " days");
        Expect.same(1.0, sum(days));
        AccountSummary summary = api.listAllConversationStatisticsSummary(account, "inbox", id, since, until);
        Expect.same(1L, summary.getConversationsCount());
        Expect.same(0L, summary.getPrevious().getConversationsCount());
        Expect.same(open + 1, api.getAccountConversationMetrics(account, "account").getOpen());
        Expect.same(mine + 1, mine(desk).getMetric().getOpen());
    }

    private static AgentConversationMetrics mine(Desk desk) throws ApiException {
        List<AgentConversationMetrics> agents =
                new ReportsApi(desk.administrator()).getAgentConversationMetrics(desk.account(), "agent", null);
        return Expect.one(agents, agent -> agent.getId() == desk.administratorId());
    }

    private static double sum(List<InlineResponse2006> days) {
        return days.stream().mapToDouble(InlineResponse2006::getValue).sum();
    }
}
