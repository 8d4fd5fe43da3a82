"""A consumer that does not come back to its group is noticed, and one that joins in its time is not."""

from footfall_adapters.kafka.membership import Membership


class Group:
    """A consumer in a group, and a clock."""

    def __init__(self) -> None:
        self.id: str | None = ""
        self.now = 100.0
        self.membership = Membership(self, longest_absence=30.0, now=lambda: self.now)

    def memberid(self) -> str | None:
        return self.id

    def after(self, seconds: float) -> bool:
        self.now += seconds
        return self.membership.is_lost()


def test_a_consumer_may_take_its_time_to_join() -> None:
    group = Group()
    assert not group.after(30)
    group.id = "member"
    assert not group.after(1)
    group.id = None
    assert not group.after(30)


def test_a_consumer_that_never_joins_is_lost() -> None:
    group = Group()
    assert not group.after(30)
    assert group.after(0.1)


def test_a_member_is_never_lost_however_long_ago_it_was_asked() -> None:
    group = Group()
    group.id = "member"
    assert not group.after(3_600)
    group.id = ""
    assert not group.after(29)
    assert group.after(2)


def test_a_member_that_is_not_given_its_part_again_is_lost() -> None:
    group = Group()
    group.id = "member"
    group.membership.assigned()
    assert group.membership.has_part
    assert not group.after(3_600)
    group.membership.lost()
    assert not group.membership.has_part
    assert not group.after(29)
    group.membership.assigned()  # in time
    assert not group.after(29)
    group.membership.lost()
    assert group.after(31)
