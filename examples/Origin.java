import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;

import com.sun.net.httpserver.Headers;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * An origin service in Java 17, without libraries: verifies the deliveries of threescale-edge, drops repeats, stores
 * each event.
 *
 * <pre>ORIGIN_SECRETS=whsec_… java Origin.java [PORT] [FILE]</pre>
 *
 * Several secrets, separated by spaces, may be valid at once during a rotation.
 */
public final class Origin {
    private static final long TOLERANCE_SECONDS = 5 * 60;

    private final List<byte[]> keys;
    private final Set<String> seen = new HashSet<>();
    private final FileChannel store;

    /** The store is a line for each event. A real origin has a database, and stores the id beside what changes. */
    private Origin(String secrets, Path file) throws IOException {
        keys = Stream.of(secrets.trim().split("\\s+"))
                .map(secret -> Base64.getDecoder().decode(secret.replaceFirst("^whsec_", "")))
                .toList();
        if (Files.exists(file)) {
            for (String line : Files.readAllLines(file)) {
                seen.add((String) event(line).get("id"));
            }
        }
        store = FileChannel.open(file, CREATE, APPEND);
    }

    public static void main(String[] arguments) throws IOException {
        // Whatever the machine's language is: events have names from everywhere.
        System.setOut(new PrintStream(new FileOutputStream(FileDescriptor.out), true, UTF_8));
        int port = arguments.length > 0 ? Integer.parseInt(arguments[0]) : 9000;
        Path file = Path.of(arguments.length > 1 ? arguments[1] : "events.jsonl");
        String secrets = System.getenv("ORIGIN_SECRETS");
        if (secrets == null || secrets.isBlank()) {
            System.err.println("ORIGIN_SECRETS is not set");
            System.exit(1);
        }
        Origin origin = new Origin(secrets, file);
        HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 0);
        server.createContext("/", origin::answer);
        // Without an executor it answers one request after the other, so that nothing here needs a lock.
        server.start();
        System.out.println("origin listens on http://127.0.0.1:" + port);
    }

    /** An exception closes the connection without an answer, and threescale-edge tries again. */
    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            exchange.sendResponseHeaders(receive(exchange.getRequestHeaders(), body), -1);
        }
    }

    private int receive(Headers headers, byte[] body) throws IOException {
        // The signature covers the exact bytes: verify first, parse afterwards.
        if (!isSigned(headers, body)) {
            System.err.println("refused: no valid signature");
            return 401;
        }
        String json = new String(body, UTF_8);
        Map<String, Object> event;
        try {
            event = event(json);
        } catch (RuntimeException notAnEvent) {
            System.err.println("refused: " + notAnEvent.getMessage());
            return 400;
        }
        // A repeat is a success too: the sender only needs to know that the event has arrived.
        String id = headers.getFirst("webhook-id");
        if (seen.contains(id)) {
            System.err.println(id + " again: dropped");
            return 204;
        }
        store.write(ByteBuffer.wrap((json + "\n").getBytes(UTF_8)));
        store.force(true);
        seen.add(id);
        System.out.println(json);
        // Stored, so that it may be answered. What takes longer, such as this event.get("data"), is done afterwards.
        return 204;
    }

    /** Standard Webhooks: HMAC-SHA-256 over the id, the time and the body; one valid signature is enough. */
    private boolean isSigned(Headers headers, byte[] body) {
        String id = headers.getFirst("webhook-id");
        String time = headers.getFirst("webhook-timestamp");
        String signatures = headers.getFirst("webhook-signature");
        if (id == null || time == null || signatures == null || !time.matches("\\d{1,12}")
                || Math.abs(Instant.now().getEpochSecond() - Long.parseLong(time)) > TOLERANCE_SECONDS) {
            return false;
        }
        boolean isSigned = false;
        for (byte[] key : keys) {
            byte[] expected = ("v1," + Base64.getEncoder().encodeToString(hmac(key, id + "." + time + ".", body)))
                    .getBytes(UTF_8);
            for (String signature : signatures.split(" ")) {
                isSigned |= MessageDigest.isEqual(expected, signature.getBytes(UTF_8));
            }
        }
        return isSigned;
    }

    private static byte[] hmac(byte[] key, String prefix, byte[] body) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            mac.update(prefix.getBytes(UTF_8));
            return mac.doFinal(body);
        } catch (GeneralSecurityException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    /** A CloudEvent 1.0 with the attributes that it must have. */
    @SuppressWarnings("unchecked")
    private static Map<String, Object> event(String json) {
        if (!(new Json(json).document() instanceof Map<?, ?> event)
                || !"1.0".equals(event.get("specversion"))
                || !Stream.of("id", "source", "type").allMatch(name -> event.get(name) instanceof String)) {
            throw new IllegalArgumentException("not a CloudEvent");
        }
        return (Map<String, Object>) event;
    }

    /** A reader of JSON, since Java has none: use Jackson or Gson where you have them. Numbers become {@code Double}. */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object document() {
            Object value = value();
            if (next() != '\0') {
                throw bad();
            }
            return value;
        }

        private Object value() {
            switch (next()) {
                case '{': return object();
                case '[': return array();
                case '"': return string();
                case 't': return word("true", true);
                case 'f': return word("false", false);
                case 'n': return word("null", null);
                default: return number();
            }
        }

        private Map<String, Object> object() {
            Map<String, Object> object = new LinkedHashMap<>();
            take('{');
            while (next() != '}') {
                if (!object.isEmpty()) {
                    take(',');
                }
                next();
                String name = string();
                take(':');
                object.put(name, value());
            }
            take('}');
            return object;
        }

        private List<Object> array() {
            List<Object> array = new ArrayList<>();
            take('[');
            while (next() != ']') {
                if (!array.isEmpty()) {
                    take(',');
                }
                array.add(value());
            }
            take(']');
            return array;
        }

        private String string() {
            StringBuilder string = new StringBuilder();
            take('"');
            while (true) {
                char c = raw();
                if (c == '"') {
                    return string.toString();
                }
                string.append(c == '\\' ? escaped() : c);
            }
        }

        private char escaped() {
            char c = raw();
            switch (c) {
                case 'b': return '\b';
                case 'f': return '\f';
                case 'n': return '\n';
                case 'r': return '\r';
                case 't': return '\t';
                case 'u': return (char) Integer.parseInt("" + raw() + raw() + raw() + raw(), 16);
                case '"', '\\', '/': return c;
                default: throw bad();
            }
        }

        private Double number() {
            int begin = at;
            while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return Double.valueOf(text.substring(begin, at));
        }

        private Object word(String word, Object value) {
            if (!text.startsWith(word, at)) {
                throw bad();
            }
            at += word.length();
            return value;
        }

        /** The next character that is no space, which stays; {@code '\0'} at the end. */
        private char next() {
            while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
                at++;
            }
            return at < text.length() ? text.charAt(at) : '\0';
        }

        private void take(char wanted) {
            if (next() != wanted) {
                throw bad();
            }
            at++;
        }

        private char raw() {
            if (at >= text.length()) {
                throw bad();
            }
            return text.charAt(at++);
        }

        private IllegalArgumentException bad() {
            return new IllegalArgumentException("not JSON at character " + at);
        }
    }
}
