// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a registry asks for in {@code WWW-Authenticate}.
 *
 * @param scheme     {@code basic} or {@code bearer}, in small letters
 * @param parameters by their names in small letters
 */
record Challenge(String scheme, Map<String, String> parameters) {
    private static final Pattern SCHEME = Pattern.compile("\\G[\\s,]*([A-Za-z]+)(?:\\s+|$)(?!\\s*=)");
    private static final Pattern PARAMETER =
            Pattern.compile("\\G[\\s,]*([A-Za-z_-]+)\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^\\s,\"]+))");

    Challenge {
        parameters = Map.copyOf(parameters);
    }

    static List<Challenge> parse(List<String> headers) {
        var challenges = new ArrayList<Challenge>();
        for (String header : headers) {
            Matcher scheme = SCHEME.matcher(header);
            Matcher parameter = PARAMETER.matcher(header);
            int at = 0;
            while (at < header.length() && scheme.find(at)) {
                at = scheme.end();
                var parameters = new HashMap<String, String>();
                while (at < header.length() && parameter.find(at)) {
                    String quoted = parameter.group(2);
                    String value = quoted == null ? parameter.group(3) : quoted.replaceAll("\\\\(.)", "$1");
                    parameters.put(parameter.group(1).toLowerCase(Locale.ROOT), value);
                    at = parameter.end();
                }
                challenges.add(new Challenge(scheme.group(1).toLowerCase(Locale.ROOT), parameters));
            }
        }
        return challenges;
    }

    String parameter(String name) {
        return parameters.getOrDefault(name, "");
    }
}
