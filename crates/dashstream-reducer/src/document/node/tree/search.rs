//! Finding a member by its name.

use super::{Child, Kids, Tree};
use crate::document::name::Name;
use crate::document::node::{Member, Node};

impl Tree<Member> {
    /// The value of the member `key`.
    pub(crate) fn member(&self, key: &[u8]) -> Option<&Node> {
        let name = &Name::new(key);
        let mut tree = self;
        loop {
            match &tree.kids {
                Kids::Leaf(members) => {
                    let at = name.position(members)?;
                    return members.get(at).map(|member| &member.node);
                }
                Kids::Branch(children) => {
                    // First keys are exact, so that a name before the first of all is nowhere.
                    tree = &children.get(child_of(children, name)?)?.tree;
                }
            }
        }
    }

    /// The position of the member `name`, or the one at which it would stand.
    pub(crate) fn position(&self, name: &Name<'_>) -> Result<usize, usize> {
        let mut tree = self;
        let mut passed = 0_usize;
        loop {
            match &tree.kids {
                Kids::Leaf(members) => {
                    let after = name.rank(members, |member| &member.key);
                    // If `after` is 0, the first member is behind the name, and is not it.
                    let at = after.saturating_sub(1);
                    let found = members.get(at).filter(|member| name.is(&member.key));
                    return match found {
                        Some(_) => Ok(passed.saturating_add(at)),
                        None => Err(passed.saturating_add(after)),
                    };
                }
                Kids::Branch(children) => {
                    // Before the first child's first name: in front of it.
                    let index = child_of(children, name).unwrap_or(0);
                    let before = children.get(..index).unwrap_or_default();
                    passed = before
                        .iter()
                        .fold(passed, |passed, child| passed.saturating_add(child.len));
                    tree = &children.get(index).ok_or(passed)?.tree;
                }
            }
        }
    }
}

/// The child below which `name` stands if it stands anywhere.
pub(super) fn child_of(children: &[Child<Member>], name: &Name<'_>) -> Option<usize> {
    name.rank(children, |child| &child.first).checked_sub(1)
}
