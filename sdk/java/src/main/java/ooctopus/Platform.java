package ooctopus;

import io.swagger.client.ApiException;
import io.swagger.client.api.AccountUsersApi;
import io.swagger.client.api.AccountsApi;
import io.swagger.client.api.AgentBotsApi;
import io.swagger.client.api.ProfileApi;
import io.swagger.client.api.UsersApi;
import io.swagger.client.model.AccountCreateUpdatePayload;
import io.swagger.client.model.AccountUser;
import io.swagger.client.model.AgentBotCreateUpdatePayload;
import io.swagger.client.model.Data;
import io.swagger.client.model.Data1;
import io.swagger.client.model.InlineResponse200;
import io.swagger.client.model.PlatformAccount;
import io.swagger.client.model.PlatformAgentBot;
import io.swagger.client.model.PlatformUser;
import io.swagger.client.model.UserCreateUpdatePayload;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.util.Map;

/** What a platform app does: accounts, users, who is where, bots of its own. */
final class Platform {
    private static final String PASSWORD = "Kites-In-The-Wind-7!";

    private Platform() {}

    static void tell(Desk desk) throws Exception {
        accounts(desk);
        users(desk);
        memberships(desk);
        bots(desk);
    }

    private static void accounts(Desk desk) throws ApiException {
        AccountsApi api = new AccountsApi(desk.platform());
        AccountCreateUpdatePayload data =
                new AccountCreateUpdatePayload().name("Northern Kites").locale("de").supportEmail("help@kites.example");
        PlatformAccount made = api.createAnAccount(data);
        Expect.same("Northern Kites", made.getName());
        int id = Desk.id(made.getId());

        PlatformAccount shown = api.getDetailsOfAnAccount(id);
        Expect.same("de", shown.getLocale());
        Expect.same("help@kites.example", shown.getSupportEmail());

        PlatformAccount changed = api.updateAnAccount(id, new AccountCreateUpdatePayload().name("Southern Kites"));
        Expect.same("Southern Kites", changed.getName());
        Expect.same("Southern Kites", api.getDetailsOfAnAccount(id).getName());

        api.deleteAnAccount(id);
        Expect.gone(() -> api.getDetailsOfAnAccount(id));
    }

    private static void users(Desk desk) throws Exception {
        UsersApi api = new UsersApi(desk.platform());
        String email = desk.freshEmail();
        UserCreateUpdatePayload data = new UserCreateUpdatePayload()
                .name("Ada Reed").email(email).password(PASSWORD).customAttributes(Map.of("shift", "late"));
        PlatformUser made = api.createAUser(data);
        Expect.same(email, made.getEmail());
        int id = Desk.id(made.getId());
        Expect.same("Ada Reed", new ProfileApi(desk.member(made.getAccessToken())).fetchProfile().getName());

        PlatformUser shown = api.getDetailsOfAUser(id);
        Expect.same(Map.of("shift", "late"), shown.getCustomAttributes());

        PlatformUser changed = api.updateAUser(id, new UserCreateUpdatePayload().name("Ada Byron"));
        Expect.same("Ada Byron", changed.getName());
        Expect.same("Ada Byron", api.getDetailsOfAUser(id).getName());

        String link = api.getSsoUrlOfAUser(id).getUrl();
        Expect.that(link.contains("sso_auth_token="), link);
        HttpRequest visit = HttpRequest.newBuilder(URI.create(link)).build();
        HttpResponse<String> page = HttpClient.newHttpClient().send(visit, HttpResponse.BodyHandlers.ofString());
        Expect.that(page.statusCode() < 400, "the link leads to " + page.statusCode());

        api.deleteAUser(id);
        Expect.gone(() -> api.getDetailsOfAUser(id));
    }

    private static void memberships(Desk desk) throws ApiException {
        AccountUsersApi api = new AccountUsersApi(desk.platform());
        AccountCreateUpdatePayload shared = new AccountCreateUpdatePayload().name("Shared Kites");
        int account = Desk.id(new AccountsApi(desk.platform()).createAnAccount(shared).getId());
        UserCreateUpdatePayload data =
                new UserCreateUpdatePayload().name("Olu").email(desk.freshEmail()).password(PASSWORD);
        long user = new UsersApi(desk.platform()).createAUser(data).getId();

        Data membership = new Data().userId((int) user).role(Data.RoleEnum.ADMINISTRATOR);
        AccountUser made = api.createAnAccountUser(account, membership);
        Expect.same(user, made.getUserId());
        InlineResponse200 listed = Expect.one(api.listAllAccountUsers(account), member -> member.getUserId() == user);
        Expect.same("administrator", listed.getRole().getValue());
        Expect.same((long) account, listed.getAccountId());

        api.deleteAnAccountUser(account, new Data1().userId((int) user));
        Expect.none(api.listAllAccountUsers(account), member -> member.getUserId() == user);
    }

    private static void bots(Desk desk) throws ApiException {
        AgentBotsApi api = new AgentBotsApi(desk.platform());
        String address = "https://bot.example/hook";
        AgentBotCreateUpdatePayload data =
                new AgentBotCreateUpdatePayload().name("Kite bot").description("Answers").outgoingUrl(address);
        PlatformAgentBot made = api.createAnAgentBot(data);
        Expect.same("Kite bot", made.getName());
        int id = Desk.id(made.getId());

        Expect.same(address, api.getDetailsOfASingleAgentBot(id).getOutgoingUrl());
        PlatformAgentBot listed = Expect.one(api.listAllAgentBots(), bot -> bot.getId() == id);
        Expect.same("Answers", listed.getDescription());

        PlatformAgentBot changed = api.updateAnAgentBot(id, new AgentBotCreateUpdatePayload().name("Wind bot"));
        Expect.same("Wind bot", changed.getName());
        Expect.same("Wind bot", api.getDetailsOfASingleAgentBot(id).getName());

        api.deleteAnAgentBot(id);
        Expect.gone(() -> api.getDetailsOfASingleAgentBot(id));
    }
}
