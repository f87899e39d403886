package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.AgentsApi;
import io.swagger.client.api.ProfileApi;
import io.swagger.client.api.TeamsApi;
import io.swagger.client.model.Agent;
import io.swagger.client.model.Data15;
import io.swagger.client.model.Data16;
import io.swagger.client.model.Data17;
import io.swagger.client.model.Data2;
import io.swagger.client.model.Data3;
import io.swagger.client.model.Team;
import io.swagger.client.model.TeamCreateUpdatePayload;
import io.swagger.client.model.User;
import java.util.List;

/** The members of the account: agents, teams, and who calls. */
final class People {
    private People() {}

    static void tell(Desk desk) throws ApiException {
        profile(desk);
        agents(desk);
        teams(desk);
    }

    private static void profile(Desk desk) throws ApiException {
        User agent = new ProfileApi(desk.agent()).fetchProfile();
        Expect.same("jonas@lanternbikes.example", agent.getEmail());
        List<Agent> agents = new AgentsApi(desk.agent()).getAccountAgents(desk.account());
        Agent listed = Expect.one(agents, one -> one.getId().equals(agent.getId()));
        Expect.same(listed.getName(), agent.getName());
    }

    private static void agents(Desk desk) throws ApiException {
        AgentsApi api = new AgentsApi(desk.administrator());
        String email = desk.freshEmail();
        Agent made = api.addNewAgentToAccount(
                desk.account(), new Data2().name("Mira Holm").email(email).role(Data2.RoleEnum.AGENT));
        Expect.same("Mira Holm", made.getName());
        int id = Desk.id(made.getId());
        Expect.same(email, Expect.one(api.getAccountAgents(desk.account()), agent -> agent.getId() == id).getEmail());

        Agent changed = api.updateAgentInAccount(desk.account(), id, new Data3().role(Data3.RoleEnum.ADMINISTRATOR));
        Expect.same("administrator", changed.getRole().getValue());
        Agent listed = Expect.one(api.getAccountAgents(desk.account()), agent -> agent.getId() == id);
        Expect.same("administrator", listed.getRole().getValue());

        api.deleteAgentFromAccount(desk.account(), id);
        Expect.none(api.getAccountAgents(desk.account()), agent -> agent.getId() == id);
    }

    private static void teams(Desk desk) throws ApiException {
        TeamsApi api = new TeamsApi(desk.administrator());
        int account = desk.account();
        String name = desk.fresh("workshop");
        TeamCreateUpdatePayload data =
                new TeamCreateUpdatePayload().name(name).description("Repairs").allowAutoAssign(false);
        Team made = api.createATeam(account, data);
        Expect.same(name, made.getName());
        int id = Desk.id(made.getId());
        Expect.same("Repairs", api.getDetailsOfASingleTeam(account, id).getDescription());
        Expect.same(false, Expect.one(api.listAllTeams(account), team -> team.getId() == id).isAllowAutoAssign());

        String other = desk.fresh("paint shop");
        Expect.same(other, api.updateATeam(account, id, new TeamCreateUpdatePayload().name(other)).getName());
        Expect.same(other, api.getDetailsOfASingleTeam(account, id).getName());

        List<Integer> agents = new AgentsApi(desk.administrator())
                .getAccountAgents(account).stream().map(agent -> Desk.id(agent.getId())).limit(2).toList();
        List<Agent> added = api.addNewAgentToTeam(account, id, new Data15().userIds(agents.subList(0, 1)));
        Expect.same(agents.subList(0, 1), ids(added));
        Expect.same(agents.subList(0, 1), ids(api.getTeamMembers(account, id)));

        List<Agent> set = api.updateAgentsInTeam(account, id, new Data17().userIds(agents.subList(1, 2)));
        Expect.same(agents.subList(1, 2), ids(set));
        Expect.same(agents.subList(1, 2), ids(api.getTeamMembers(account, id)));

        api.deleteAgentInTeam(account, id, new Data16().userIds(agents));
        Expect.same(List.of(), api.getTeamMembers(account, id));

        api.deleteATeam(account, id);
        Expect.gone(() -> api.getDetailsOfASingleTeam(account, id));
    }

    private static List<Integer> ids(List<Agent> agents) {
        return agents.stream().map(agent -> Desk.id(agent.getId())).toList();
    }
}
