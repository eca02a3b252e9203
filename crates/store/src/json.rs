//! JSON with one spelling for each value, so that it can be hashed.

use serde_json::Value;
use std::collections::BTreeMap;

/// Keys sorted by bytes at every level, no whitespace, whatever features `serde_json` is built with.
pub fn canonical_json(value: &Value) -> Vec<u8> {
    let mut text = String::new();
    write(value, &mut text);
    text.into_bytes()
}

fn write(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let sorted: BTreeMap<_, _> = members.iter().collect();
            separated(out, ['{', '}'], sorted, |(name, member), out| {
                out.push_str(&Value::from(name.as_str()).to_string());
                out.push(':');
                write(member, out);
            });
        }
        Value::Array(items) => separated(out, ['[', ']'], items, write),
        scalar => out.push_str(&scalar.to_string()),
    }
}

fn separated<T>(
    out: &mut String,
    [open, close]: [char; 2],
    items: impl IntoIterator<Item = T>,
    each: impl Fn(T, &mut String),
) {
    out.push(open);
    for (index, item) in items.into_iter().enumerate() {
        if index > 0 {
            out.push(',');
        }
        each(item, out);
    }
    out.push(close);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_sorted_at_every_level() {
        let value = serde_json::json!({"b": [{"z": 1, "a": "\""}], "a": null});
        assert_eq!(canonical_json(&value), br#"{"a":null,"b":[{"a":"\"","z":1}]}"#);
    }

    proptest! {
        #[test]
        fn order_of_insertion_does_not_matter(pairs in proptest::collection::btree_map(".*", any::<i64>(), 0..9)) {
            let object = |pairs: Vec<(&String, &i64)>| {
                Value::Object(pairs.into_iter().map(|(k, v)| (k.clone(), Value::from(*v))).collect())
            };
            let forward = object(pairs.iter().collect());
            let text = canonical_json(&forward);
            prop_assert_eq!(&text, &canonical_json(&object(pairs.iter().rev().collect())));
            prop_assert_eq!(serde_json::from_slice::<Value>(&text).unwrap(), forward);
        }
    }
}
