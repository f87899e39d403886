package ooctopus;

import io.swagger.client.ApiException;
import java.util.List;
import java.util.Objects;
import java.util.function.Predicate;

/** What must hold. */
final class Expect {
    /** A call of the client. */
    interface Request {
        Object send() throws ApiException;
    }

    private Expect() {}

    static void same(Object expected, Object actual) {
        if (!Objects.equals(expected, actual)) {
            throw new AssertionError("expected " + expected + ", got " + actual);
        }
    }

    static void that(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** The only element that fits. */
    static <T> T one(List<T> list, Predicate<T> fits) {
        List<T> found = list.stream().filter(fits).toList();
        if (found.size() != 1) {
            throw new AssertionError(found.size() + " elements fit instead of one, of " + list.size());
        }
        return found.get(0);
    }

    static <T> void none(List<T> list, Predicate<T> fits) {
        if (list.stream().anyMatch(fits)) {
            throw new AssertionError("an element fits, of " + list.size());
        }
    }

    /** What is asked for does not exist. */
    static void gone(Request request) throws ApiException {
        try {
            request.send();
        } catch (ApiException refused) {
            if (refused.getCode() == 404) {
                return;
            }
            throw refused;
        }
        throw new AssertionError("it is still there");
    }
}
