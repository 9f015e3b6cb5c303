use crate::manifest::fault::Reason;
use crate::manifest::limits::Limits;
use crate::manifest::yaml;

fn refusal(text: &str, limits: &Limits) -> Option<Reason> {
    yaml::read(text, limits).read.err().map(|fault| fault.reason)
}

fn alias_bomb(levels: usize) -> String {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..levels {
        let items = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{items}]\n"));
    }
    text
}

#[test]
fn each_limit_holds_at_its_very_number() {
    let limits = Limits { max_document_bytes: 100, max_depth: 3, max_alias_nodes: 8, max_nodes: 12 };
    let cases = [
        ("[[[1]]]", None),
        ("[[[[1]]]]", Some(Reason::TooDeep(3))),
        ("[&a [[1]], *a]", None),
        ("[&a [[1]], [*a]]", Some(Reason::TooDeep(3))),
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]", None),
        ("[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]", Some(Reason::TooManyNodes(12))),
        // The anchor's list is copied once to be kept, and once for each alias.
        ("[&a [1], *a, *a, *a]", None),
        ("[&a [1], *a, *a, *a, *a]", Some(Reason::TooManyAliases)),
        ("[&a forty-bytes-of-text-that-is-named-by-a----, *a]", None),
        ("[&a forty-bytes-of-text-that-is-named-by-a----, *a, *a]", Some(Reason::TooManyAliases)),
    ];
    for (text, wanted) in cases {
        assert_eq!(refusal(text, &limits), wanted, "{text}");
    }
}

#[test]
fn an_alias_bomb_is_refused_however_large_it_would_become() {
    for levels in [5, 9, 30] {
        assert_eq!(refusal(&alias_bomb(levels), &Limits::default()), Some(Reason::TooManyAliases));
    }
    assert_eq!(refusal(&alias_bomb(3), &Limits::default()), None);
}

#[test]
fn merges_obey_the_order_of_the_text() {
    let cases = [
        ("a: 1\n<<: {a: 2, b: 3}\n", r#"{"a":2,"b":3}"#),
        ("<<: {a: 2, b: 3}\na: 1\n", r#"{"a":1,"b":3}"#),
        ("<<: [{a: 1}, {a: 2, b: 2}]\n", r#"{"a":1,"b":2}"#),
        ("p: &x {a: 1}\nq: {<<: *x, b: 2}\n", r#"{"p":{"a":1},"q":{"a":1,"b":2}}"#),
        ("'<<': {a: 1}\n", r#"{"<<":{"a":1}}"#),
    ];
    for (text, wanted) in cases {
        let value = yaml::read(text, &Limits::default()).read.map(|composed| composed.value.to_string());
        assert_eq!(value.as_deref(), Ok(wanted), "{text:?}");
    }
    for text in ["<<: 1", "<<: [1]", "<<: [[{a: 1}]]", "x: &x [{a: 1}]\ny: {<<: *x}", "<<:"] {
        assert_eq!(refusal(text, &Limits::default()), Some(Reason::MergeOfNoMap), "{text:?}");
    }
}
