use super::*;

#[test]
fn a_topic_s_number_is_its_place_among_the_consumed_ones() {
    let topics = Topics::new(["first", "second"].into_iter());
    let second = TopicPartition::new(1, 3);
    assert_eq!(topics.partition("first", 3), Some(at(3)));
    assert_eq!(topics.partition("second", 3), Some(second));
    assert_eq!(topics.partition("third", 3), None);
    assert_eq!(topics.name(second.topic()), "second");
    assert_eq!(topics.name(2), "");
}

#[test]
fn a_list_of_the_client_and_back_keeps_topics_apart() {
    let topics = Topics::new(["first", "second"].into_iter());
    let second = TopicPartition::new(1, 0);
    let offsets = [(at(0), Offset::Offset(5)), (second, Offset::Offset(7))];
    let list = topics.offsets(offsets.into_iter()).unwrap();
    assert_eq!(topics.partitions(&list), [at(0), second]);
    let of = |topic| list.find_partition(topic, 0).map(|of| of.offset());
    assert_eq!(of("first"), Some(Offset::Offset(5)));
    assert_eq!(of("second"), Some(Offset::Offset(7)));
    // What the client assigns of a topic that is not consumed is left alone.
    let mut list = topics.list(&[second]);
    list.add_partition("third", 0);
    assert_eq!(topics.partitions(&list), [second]);
}
