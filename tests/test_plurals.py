from unrolled.plurals import counted


def test_only_one_has_the_singular():
    assert [counted(n, "network") for n in (0, 1, 2)] == ["0 networks", "1 network", "2 networks"]
    assert [counted(n, "series", "series") for n in (1, 21)] == ["1 series", "21 series"]
