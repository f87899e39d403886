package ooctopus;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Calls every method of the generated client that the contract names, against a running demo.
 *
 * <p>Its argument is the contract's list of operations; the demo's address and tokens stand in the environment. Prints
 * one line of result, and what went wrong.
 */
public final class Proof {
    /** Some methods of an API, called in a sensible order. */
    private interface Chapter {
        void tell(Desk desk) throws Exception;
    }

    private Proof() {}

    public static void main(String[] arguments) throws Exception {
        Calls calls = new Calls();
        Desk desk = new Desk(System.getenv(), calls);
        Map<String, Chapter> chapters = new LinkedHashMap<>();
        chapters.put("platform", Platform::tell);
        chapters.put("agents and teams", People::tell);
        chapters.put("inboxes and bots", Inboxes::tell);
        chapters.put("contacts", Contacts::tell);
        chapters.put("conversations", Conversations::tell);
        chapters.put("contacts' own clients", Public::tell);
        chapters.put("settings", Settings::tell);
        chapters.put("reports", Reports::tell);

        List<String> problems = new ArrayList<>();
        chapters.forEach((name, chapter) -> {
            try {
                chapter.tell(desk);
            } catch (Exception | AssertionError problem) {
                problems.add(name + ": " + Problem.text(problem));
            }
        });
        Set<String> wanted = wanted(Path.of(arguments[0]));
        Set<String> missing = new TreeSet<>(wanted);
        missing.removeAll(calls.methods());
        if (!missing.isEmpty()) {
            problems.add("not called: " + String.join(", ", missing));
        }
        if (wanted.size() != 107) {
            problems.add("the contract has " + wanted.size() + " operations");
        }

        int called = wanted.size() - missing.size();
        System.out.printf(
                "java sdk: %d of %d methods called, an answer and an effect asserted for each; %d requests, %d problems%n",
                called, wanted.size(), calls.count(), problems.size());
        problems.forEach(problem -> System.out.println("  " + problem));
        System.exit(problems.isEmpty() ? 0 : 1);
    }

    /** The methods that the contract's samples call, as {@code class.method} in lower case. */
    private static Set<String> wanted(Path file) throws Exception {
        try (Reader reader = Files.newBufferedReader(file)) {
            Set<String> wanted = new TreeSet<>();
            for (JsonElement element : JsonParser.parseReader(reader).getAsJsonObject().getAsJsonArray("operations")) {
                JsonObject operation = element.getAsJsonObject();
                wanted.add(Calls.name(operation.get("tag").getAsString() + "Api", operation.get("id").getAsString()));
            }
            return wanted;
        }
    }
}
