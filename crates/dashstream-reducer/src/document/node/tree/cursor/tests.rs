use super::*;
use crate::document::{Fuel, Text};

fn numbers(len: i64) -> Tree<Node> {
    (0..len).map(Node::Int).collect()
}

#[test]
fn both_ends_visit_every_entry() {
    for len in [0, 1, 32, 33, 1_500] {
        let tree = numbers(len);
        for end in [End::Front, End::Back] {
            let mut seen: Vec<_> = Cursor::new(&tree, end)
                .map(|node| match node {
                    Node::Int(value) => *value,
                    _ => panic!("only integers"),
                })
                .collect();
            if end == End::Back {
                seen.reverse();
            }
            assert_eq!(seen, (0..len).collect::<Vec<_>>());
        }
    }
}

#[test]
fn what_is_shared_is_passed_in_few_steps_from_both_ends() {
    let old = numbers(100_000);
    let mut new = old.clone();
    new.insert(60_000, Node::Null, &mut Fuel::unlimited());
    let mut steps = 0;
    let met = |end, most, steps: &mut u64| {
        let mut cursors = (Cursor::new(&old, end), Cursor::new(&new, end));
        let mut passed = 0;
        loop {
            let (more, pair) = pass_shared(&mut cursors.0, &mut cursors.1, most, steps);
            passed += more;
            match pair {
                Some((a, b)) if a.is_same(b) && passed < most => {
                    cursors.0.pass();
                    cursors.1.pass();
                    passed += 1;
                }
                Some(_) | None => return passed,
            }
        }
    };
    assert_eq!(met(End::Front, 100_000, &mut steps), 60_000);
    assert_eq!(met(End::Back, 40_000, &mut steps), 40_000);
    assert!(steps < 500, "{steps}");
}

#[test]
fn only_members_that_differ_are_met() {
    let name = |at: u32| Text::new(&format!("{at:06}"));
    let old: Tree<Member> = (0..20_000)
        .map(|at| Member {
            key: name(2 * at),
            node: Node::Null,
        })
        .collect();
    let mut new = old.clone();
    let fuel = &mut Fuel::unlimited();
    let at = new.find(name(9_001).as_bytes()).unwrap_err();
    new.insert_member(at, name(9_001).as_str(), Node::Bool(true), fuel);
    let _removed = new.remove(0, fuel);
    let mut steps = 0;
    let mut cursors = (Cursor::new(&old, End::Front), Cursor::new(&new, End::Front));
    let mut met = Vec::new();
    while let Some(unshared) = next_unshared(&mut cursors.0, &mut cursors.1, &mut steps) {
        match unshared {
            Unshared::Old(member) => met.push(format!("-{}", member.key.as_str())),
            Unshared::New(member) => met.push(format!("+{}", member.key.as_str())),
            Unshared::Both(a, b) => assert!(a.node.is_same(&b.node)),
        }
    }
    assert_eq!(met, ["-000000", "+009001"]);
    assert!(steps < 400, "{steps}");
}
