import pytest

from unrolled.series.date_words import MONTHS, MONTHS_BY_NAME, in_ascii, is_month, months_named, months_of

YEARS = {
    "German in Austria": "Jänner Feber März April Mai Juni Juli August September Oktober November Dezember",
    "German, as Excel writes it": "Jan Feb Mrz Apr Mai Jun Jul Aug Sep Okt Nov Dez",
    "French without accents": "JANVIER FEVRIER MARS AVRIL MAI JUIN JUILLET AOUT SEPTEMBRE OCTOBRE NOVEMBRE DECEMBRE",
    "Finnish": "tammikuu helmikuu maaliskuu huhtikuu toukokuu "
    "kesäkuu heinäkuu elokuu syyskuu lokakuu marraskuu joulukuu",
    "Polish genitive": "stycznia lutego marca kwietnia maja czerwca "
    "lipca sierpnia września października listopada grudnia",
    "Czech": "leden únor březen duben květen červen červenec srpen září říjen listopad prosinec",
    "Croatian": "siječanj veljača ožujak travanj svibanj lipanj srpanj kolovoz rujan listopad studeni prosinac",
    "Croatian, short": "sij velj ožu tra svi lip srp kol ruj lis stu pro",
    "Turkish": "OCAK ŞUBAT MART NİSAN MAYIS HAZİRAN TEMMUZ AĞUSTOS EYLÜL EKİM KASIM ARALIK",
    "Russian": "Январь Февраль Март Апрель Май Июнь Июль Август Сентябрь Октябрь Ноябрь Декабрь",
    "Greek": "Ιανουάριος Φεβρουάριος Μάρτιος Απρίλιος Μάιος Ιούνιος Ιούλιος "
    "Αύγουστος Σεπτέμβριος Οκτώβριος Νοέμβριος "
    "Δεκέμβριος",
    "Chinese": "1月 2月 3月 4月 5月 6月 7月 8月 9月 10月 11月 12月",
    "Korean": "1월 2월 3월 4월 5월 6월 7월 8월 9월 10월 11월 12월",
}


@pytest.mark.parametrize("names", YEARS.values(), ids=YEARS)
def test_the_months_of_a_year(names):
    assert months_named(names.split()) == list(range(1, 13))


@pytest.mark.parametrize(
    "word", ["Marketing", "Decade", "Augsburg", "Novak", "Decor", "Sepia", "Juneau", "Mark", "13月"]
)
def test_words_that_begin_like_a_month_are_none(word):
    assert not is_month(word)
    assert months_named([word]) == [None]


def test_every_language_has_twelve_months_and_few_names_are_unclear():
    assert all(sorted(set(months.values())) == list(range(1, 13)) for months in MONTHS.values())
    unclear = {name for name, months in MONTHS_BY_NAME.items() if len(months) > 1}
    assert unclear == {"lip", "lis", "listopad", "listopada", "srp"}


def test_a_name_of_two_months_is_decided_by_the_others():
    assert months_of(["listopad", "lipanj"])["listopad"] == 10
    assert months_of(["listopad", "lipiec"])["listopad"] == 11
    assert months_of(["listopad", "xyz"]) == {}


@pytest.mark.parametrize(
    ("text", "usual"),
    [
        ("2019年1月", "2019-1"),
        ("2019 年 12 月 31 日", "2019-12-31"),
        ("2023년 1월 1일 오전 12시", "2023-1-1 12:00 AM"),
        ("2023-01-02 下午2:05", "2023-01-02 2:05 PM"),
        ("01/01/2023 1:00 μ.μ.", "01/01/2023 1:00 PM"),
        ("２０２２／０１／０２", "2022/01/02"),
        ("2022–01–02", "2022-01-02"),
        ("2022-01-02\u00a000:00", "2022-01-02 00:00"),
        ("01.02.2023 3:00 ÖS", "01.02.2023 3:00 PM"),
        ("2012年第1季度", "2012Q1"),
        ("2012년 3분기", "2012Q3"),
        ("tháng 1 năm 2019", "2019-1"),
        ("3. März 2019", "3. März 2019"),
    ],
)
def test_dates_in_other_scripts_become_usual_ones(text, usual):
    assert in_ascii(text) == usual
