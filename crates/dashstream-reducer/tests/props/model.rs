//! RFC 6902 the slow way: on a `serde_json::Value`, cloned first, written to be read.

use serde_json::Value;

/// The state after `patch`, or the index of the operation that cannot be applied.
pub fn apply(state: &Value, patch: &[Value]) -> Result<Value, usize> {
    let mut state = state.clone();
    for (index, operation) in patch.iter().enumerate() {
        step(&mut state, operation).ok_or(index)?;
    }
    Ok(state)
}

fn step(state: &mut Value, operation: &Value) -> Option<()> {
    let path = operation["path"].as_str()?;
    match operation["op"].as_str()? {
        "add" => add(state, path, operation.get("value")?.clone()),
        "remove" => remove(state, path).map(drop),
        "replace" => {
            *get(state, path)? = operation.get("value")?.clone();
            Some(())
        }
        "move" => {
            let from = operation["from"].as_str()?;
            if path
                .strip_prefix(from)
                .is_some_and(|rest| rest.starts_with('/'))
            {
                return None;
            }
            if from == path {
                return get(state, from).map(|_| ());
            }
            let value = remove(state, from)?;
            add(state, path, value)
        }
        "copy" => {
            let value = get(state, operation["from"].as_str()?)?.clone();
            add(state, path, value)
        }
        "test" => equal(get(state, path)?, operation.get("value")?).then_some(()),
        _ => None,
    }
}

fn tokens(path: &str) -> Option<Vec<String>> {
    if path.is_empty() {
        return Some(Vec::new());
    }
    path.strip_prefix('/')?
        .split('/')
        .map(|token| {
            let stray = token.replace("~0", "").replace("~1", "").contains('~');
            (!stray).then(|| token.replace("~1", "/").replace("~0", "~"))
        })
        .collect()
}

fn index(token: &str, bound: usize) -> Option<usize> {
    let canonical = token == "0"
        || (!token.starts_with('0')
            && !token.is_empty()
            && token.bytes().all(|b| b.is_ascii_digit()));
    canonical
        .then(|| token.parse().ok())?
        .filter(|index| *index < bound)
}

fn child<'v>(value: &'v mut Value, token: &str) -> Option<&'v mut Value> {
    match value {
        Value::Array(elements) => {
            let at = index(token, elements.len())?;
            elements.get_mut(at)
        }
        Value::Object(members) => members.get_mut(token),
        _ => None,
    }
}

fn get<'v>(state: &'v mut Value, path: &str) -> Option<&'v mut Value> {
    tokens(path)?
        .iter()
        .try_fold(state, |value, token| child(value, token))
}

fn add(state: &mut Value, path: &str, value: Value) -> Option<()> {
    let tokens = tokens(path)?;
    let Some((last, parents)) = tokens.split_last() else {
        *state = value;
        return Some(());
    };
    match parents
        .iter()
        .try_fold(state, |value, token| child(value, token))?
    {
        Value::Array(elements) => {
            let at = if last == "-" {
                elements.len()
            } else {
                index(last, elements.len() + 1)?
            };
            elements.insert(at, value);
        }
        Value::Object(members) => {
            members.insert(last.clone(), value);
        }
        _ => return None,
    }
    Some(())
}

fn remove(state: &mut Value, path: &str) -> Option<Value> {
    let tokens = tokens(path)?;
    let (last, parents) = tokens.split_last()?;
    match parents
        .iter()
        .try_fold(state, |value, token| child(value, token))?
    {
        Value::Array(elements) => {
            let at = index(last, elements.len())?;
            Some(elements.remove(at))
        }
        Value::Object(members) => members.remove(last),
        _ => None,
    }
}

pub fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        (Value::Number(a), Value::Number(b)) => {
            let whole = |n: &serde_json::Number| {
                n.as_i64()
                    .map(i128::from)
                    .or_else(|| n.as_u64().map(i128::from))
            };
            match (whole(a), whole(b)) {
                (Some(a), Some(b)) => a == b,
                (None, None) => a.as_f64() == b.as_f64(),
                // A float is equal to an integer when it is whole and converts to it exactly.
                (Some(whole), None) | (None, Some(whole)) => {
                    let float = if a.is_f64() { a.as_f64() } else { b.as_f64() }.unwrap();
                    float.fract() == 0.0 && float.abs() < 1e20 && float as i128 == whole
                }
            }
        }
        (a, b) => a == b,
    }
}
