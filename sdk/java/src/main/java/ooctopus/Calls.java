package ooctopus;

import com.squareup.okhttp.Call;
import io.swagger.client.ApiClient;
import io.swagger.client.ApiException;
import io.swagger.client.ApiResponse;
import java.lang.reflect.Type;
import java.util.Set;
import java.util.TreeSet;

/** Which methods of the generated client have been called and answered with success. */
final class Calls {
    private static final String PACKAGE = "io.swagger.client.api.";
    private static final String INNER = "WithHttpInfo";

    private final Set<String> methods = new TreeSet<>();
    private int count;

    /** A client whose calls are noted. */
    ApiClient client() {
        return new ApiClient() {
            @Override
            public <T> ApiResponse<T> execute(Call call, Type returnType) throws ApiException {
                ApiResponse<T> answer = super.execute(call, returnType);
                count++;
                note();
                return answer;
            }
        };
    }

    /** All of them, as {@code class.method}. */
    Set<String> methods() {
        return methods;
    }

    int count() {
        return count;
    }

    /**
     * A method's name among the noted ones. The generator of Java classes writes {@code ContactsApiApi} where the
     * samples, which another generator of the same tool printed, have {@code ContactsAPIApi}: the case of a class does
     * not count.
     */
    static String name(String type, String method) {
        return type.toLowerCase() + "." + method;
    }

    /** Notes the public method that led here. */
    private void note() {
        StackWalker.getInstance().forEach(frame -> {
            String type = frame.getClassName();
            String method = frame.getMethodName();
            if (type.startsWith(PACKAGE) && !method.endsWith(INNER)) {
                methods.add(name(type.substring(PACKAGE.length()), method));
            }
        });
    }
}
