// SPDX-License-Identifier: Apache-2.0
package dev.cachefiles.examples.blobserver.oci;

import com.fasterxml.jackson.core.JsonLocation;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** JSON of others, in which anything may be missing or of another kind. */
record Json(Map<?, ?> fields) {

    /** Reads an object; says where it is wrong, and not what is there, which may be a secret. */
    static Json parse(byte[] bytes) throws IOException {
        try {
            return new Json(JSON.std.mapFrom(bytes));
        } catch (JsonProcessingException e) {
            JsonLocation at = e.getLocation();
            throw new IOException("is not a JSON object"
                    + (at == null ? "" : ", in line " + at.getLineNr() + ", column " + at.getColumnNr()));
        }
    }

    static byte[] write(Map<String, ?> fields) throws IOException {
        return JSON.std.asBytes(fields);
    }

    /** A text, or empty text. */
    String text(String name) {
        return fields.get(name) instanceof String text ? text : "";
    }

    /** A whole number, or -1. */
    long number(String name) {
        return fields.get(name) instanceof Number number && (number instanceof Integer || number instanceof Long)
                ? number.longValue()
                : -1;
    }

    /** An object, or an empty one. */
    Json object(String name) {
        return new Json(fields.get(name) instanceof Map<?, ?> map ? map : Map.of());
    }

    /** The objects of a list; none if there is no list. */
    List<Json> objects(String name) {
        var objects = new ArrayList<Json>();
        if (fields.get(name) instanceof List<?> list) {
            for (Object item : list) {
                if (item instanceof Map<?, ?> map) {
                    objects.add(new Json(map));
                }
            }
        }
        return objects;
    }
}
