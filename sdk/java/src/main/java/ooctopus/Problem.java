package ooctopus;

import io.swagger.client.ApiException;

/** What went wrong, for people. */
final class Problem {
    private Problem() {}

    /** The problem, and where the program met it. */
    static String text(Throwable problem) {
        StringBuilder text = new StringBuilder(String.valueOf(problem));
        if (problem instanceof ApiException refused) {
            text.append(" ").append(refused.getCode()).append(" ").append(refused.getResponseBody());
        }
        for (StackTraceElement place : problem.getStackTrace()) {
            if (place.getClassName().startsWith("ooctopus.") && !place.getClassName().equals(Expect.class.getName())) {
                return text.append(" at ").append(place).toString();
            }
        }
        return text.toString();
    }
}
