//! The tree against a plain vector.

use dashstream_testkit::rng::SplitMix64;

use super::*;
use crate::document::fuel::Fuel;
use crate::document::name::Name;
use crate::document::node::Member;
use crate::document::text::Text;

impl Tree<Member> {
    pub(crate) fn find(&self, key: &[u8]) -> Result<usize, usize> {
        self.position(&Name::new(key))
    }

    /// Inserts a member whose name is not there yet, at the position that `find` answered.
    pub(crate) fn insert_member(&mut self, at: usize, key: &str, node: Node, fuel: &mut Fuel) {
        let key = Text::new(key);
        self.insert(at, Member { key, node }, fuel);
    }
}

/// Puts its value in place of another.
struct Put<'m>(Node, Delta, &'m mut Fuel);

impl Visit for Put<'_> {
    type Error = ();

    fn visit(&mut self, node: &mut Node) -> Result<(), ()> {
        self.1 = Delta::between(node.weight(), self.0.weight());
        core::mem::swap(node, &mut self.0);
        Ok(())
    }

    fn delta(&mut self) -> &mut Delta {
        &mut self.1
    }

    fn fuel(&mut self) -> &mut Fuel {
        self.2
    }

    fn missing(&self) {}
}

/// Checks every derived number of `tree` against its entries, and the shape against the rules.
/// Answers how many leaves there are.
fn check<E: Entry>(tree: &Tree<E>) -> usize {
    fn walk<E: Entry>(tree: &Tree<E>, leaves: &mut Vec<usize>, level: usize) {
        match &tree.kids {
            Kids::Leaf(entries) => {
                assert!(entries.len() <= FANOUT);
                assert_eq!(tree.len, entries.len());
                assert_eq!(tree.sum, sum(entries.iter().map(E::weight)));
                leaves.push(level);
            }
            Kids::Branch(children) => {
                assert!(!children.is_empty() && children.len() <= FANOUT);
                assert_eq!(
                    tree.len,
                    children.iter().map(|child| child.len).sum::<usize>()
                );
                assert_eq!(tree.sum, sum(children.iter().map(Child::weight)));
                for child in children {
                    assert_eq!(child.len, child.tree.len);
                    assert!(child.len > 0);
                    let first = child.tree.first_key().unwrap();
                    assert!(first == child.first);
                    walk(&child.tree, leaves, level + 1);
                }
            }
        }
    }
    let mut leaves = Vec::new();
    walk(tree, &mut leaves, 0);
    assert!(
        leaves.windows(2).all(|pair| pair[0] == pair[1]),
        "leaves on one level"
    );
    leaves.len()
}

fn number(node: &Node) -> i64 {
    match node {
        Node::Int(value) => *value,
        _ => panic!("an integer"),
    }
}

fn numbers(tree: &Tree<Node>) -> Vec<i64> {
    tree.iter().map(number).collect()
}

#[test]
fn random_edits_leave_what_they_leave_in_a_vector() {
    let mut rng = SplitMix64::new(7);
    let mut fuel = Fuel::unlimited();
    for round in 0..40_u64 {
        let mut tree: Tree<Node> = (0..round as i64 * 13).map(Node::Int).collect();
        let mut model: Vec<i64> = (0..round as i64 * 13).collect();
        let kept = tree.clone();
        let before = model.clone();
        for step in 0..600_i64 {
            // Phases of growth and of shrinking, each at random, front and end positions.
            let grow = rng.chance(if (step / 150) % 2 == 0 { 3 } else { 1 }, 4);
            let at = match rng.below(4) {
                0 => 0,
                1 => model.len(),
                _ => rng.below(model.len() as u64 + 1) as usize,
            };
            if grow {
                tree.insert(at, Node::Int(step), &mut fuel);
                model.insert(at, step);
            } else if at < model.len() {
                assert_eq!(
                    number(&tree.remove(at, &mut fuel).unwrap()),
                    model.remove(at)
                );
            } else {
                assert!(tree.remove(at, &mut fuel).is_none());
            }
            if step % 50 == 0 {
                check(&tree);
            }
        }
        check(&tree);
        assert_eq!(numbers(&tree), model);
        for at in 0..model.len() {
            assert_eq!(number(tree.get(at).unwrap()), model[at]);
        }
        assert!(tree.get(model.len()).is_none());
        assert_eq!(
            numbers(&kept),
            before,
            "a version that is kept does not change"
        );
        check(&kept);
        while !model.is_empty() {
            let at = rng.index(model.len());
            tree.remove(at, &mut fuel).unwrap();
            model.remove(at);
            check(&tree);
        }
        assert!(matches!(tree.kids, Kids::Leaf(_)));
    }
}

/// Wherever many entries go, each after the last or each in front of it, leaves are filled: at the
/// boundary of two full ones too, of leaves and of branches of every level.
#[test]
fn insertions_at_one_place_fill_leaves() {
    const MORE: usize = 2_000;
    let mut fuel = Fuel::unlimited();
    for len in [16_usize, 17, 32, 256, 257, 5_000] {
        for at in (0..=len.min(600)).chain([len / 2 / 16 * 16, len - 1, len]) {
            for step in [0, 1] {
                let mut tree: Tree<Node> = (0..len as i64).map(Node::Int).collect();
                let dense = check(&tree);
                for number in 0..MORE {
                    tree.insert(at + number * step, Node::Null, &mut fuel);
                }
                let leaves = check(&tree);
                assert!(
                    leaves <= dense + MORE / (FANOUT / 2) + 2,
                    "{leaves} leaves, {dense} before, at {at} of {len}, going on by {step}"
                );
            }
        }
    }
    for descending in [false, true] {
        let mut tree: Tree<Member> = Tree::new();
        for (group, number) in (0..40).flat_map(|group| (0..100).map(move |number| (group, number)))
        {
            let number = if descending { 99 - number } else { number };
            let group = if descending { 39 - group } else { group };
            let key = format!("{group:02}/{number:02}");
            let at = tree.find(key.as_bytes()).unwrap_err();
            tree.insert_member(at, &key, Node::Null, &mut fuel);
        }
        let before = check(&tree);
        for number in 0..MORE {
            let number = if descending { MORE - number } else { number };
            let key = format!("20/49 {number:04}");
            let at = tree.find(key.as_bytes()).unwrap_err();
            tree.insert_member(at, &key, Node::Null, &mut fuel);
        }
        assert!(check(&tree) <= before + MORE / (FANOUT / 2) + 2);
    }
}

#[test]
fn members_are_found_where_they_belong() {
    let mut rng = SplitMix64::new(8);
    let mut fuel = Fuel::unlimited();
    let mut tree: Tree<Member> = Tree::new();
    let mut model = std::collections::BTreeMap::new();
    for step in 0..20_000_i64 {
        let bound = if (step / 2_500) % 2 == 0 { 4_000 } else { 200 };
        let mut key = format!("k{}", rng.below(bound));
        if rng.chance(1, 2) {
            key.push_str(" and more than fits into a slot");
        }
        match (
            tree.find(key.as_bytes()),
            rng.chance(if bound == 200 { 1 } else { 3 }, 4),
        ) {
            (Ok(at), false) => {
                let member = tree.remove(at, &mut fuel).unwrap();
                assert_eq!(Some(number(&member.node)), model.remove(&key));
            }
            (Ok(at), true) => {
                assert_eq!(number(&tree.get(at).unwrap().node), model[&key]);
                let mut put = Put(Node::Int(step), Delta::default(), &mut fuel);
                tree.visit_member(&Name::new(key.as_bytes()), &mut put)
                    .unwrap();
                model.insert(key, step);
            }
            (Err(at), _) => {
                assert!(!model.contains_key(&key));
                tree.insert_member(at, &key, Node::Int(step), &mut fuel);
                model.insert(key, step);
            }
        }
        if step % 500 == 0 {
            check(&tree);
            for (key, value) in &model {
                assert_eq!(tree.member(key.as_bytes()).map(number), Some(*value));
            }
        }
    }
    let entries: Vec<_> = tree
        .iter()
        .map(|m| (m.key.as_str().to_owned(), number(&m.node)))
        .collect();
    assert_eq!(entries, model.into_iter().collect::<Vec<_>>());
}

#[test]
fn the_depth_follows_the_deepest_entry_down_again() {
    let mut fuel = Fuel::unlimited();
    let mut tree: Tree<Node> = (0..200).map(Node::Int).collect();
    assert_eq!(tree.container_depth(), 1);
    let inner: Tree<Node> = [Node::Array(Arc::new(Tree::new()))].into_iter().collect();
    tree.insert(100, Node::Array(Arc::new(inner)), &mut fuel);
    assert_eq!(tree.container_depth(), 3);
    tree.remove(100, &mut fuel).unwrap();
    assert_eq!(tree.container_depth(), 1);
    check(&tree);
}
