"""Where one statement ends and with which word it begins: as PostgreSQL sees it, and never by a guess that could be used."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trinity_beast.ops.consoles.errors import SqlVerbRefused
from trinity_beast.ops.consoles.statements import BUILDING, READING, WRITING, expect_verb, statements_of, verb_of


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("", []),
        ("  ;;  -- nothing\n ; /* ; */ ;", []),
        ("SELECT 1", ["SELECT 1"]),
        ("SELECT 1;", ["SELECT 1"]),
        ("SELECT 1; SELECT 2", ["SELECT 1", "SELECT 2"]),
        ("SELECT ';'; SELECT \";\"", ["SELECT ';'", 'SELECT ";"']),
        ("SELECT 'it''s; one'", ["SELECT 'it''s; one'"]),
        (r"SELECT E'it\'s; one'; SELECT 2", [r"SELECT E'it\'s; one'", "SELECT 2"]),
        (r"SELECT 'back\'; SELECT 2", [r"SELECT 'back\'", "SELECT 2"]),
        ("SELECT $$;$$; SELECT $a$ $$;$$ ; $a$", ["SELECT $$;$$", "SELECT $a$ $$;$$ ; $a$"]),
        ("SELECT 1 -- ; one\n; SELECT 2", ["SELECT 1 -- ; one", "SELECT 2"]),
        ("SELECT /* ; /* ; */ ; */ 1; SELECT 2", ["SELECT /* ; /* ; */ ; */ 1", "SELECT 2"]),
        ("SELECT a$b$ FROM t; SELECT $b$", ["SELECT a$b$ FROM t", "SELECT $b$"]),
        ("SELECT $1; SELECT $2", ["SELECT $1", "SELECT $2"]),
        ("SELECT 'never ended; SELECT 2", ["SELECT 'never ended; SELECT 2"]),
        ("SELECT /* never ended ; SELECT 2", ["SELECT /* never ended ; SELECT 2"]),
    ],
)
def test_a_text_is_taken_apart_where_postgresql_would(text: str, statements: list[str]) -> None:
    assert statements_of(text) == statements


@pytest.mark.parametrize(
    ("statement", "verb"),
    [
        ("select 1", "SELECT"),
        ("/* a */ -- b\n (( SELECT 1))", "SELECT"),
        ("  with x as (delete from t returning 1) select 1", "WITH"),
        ("$$SELECT$$", ""),
        ("'SELECT'", ""),
        ("-- SELECT", ""),
        ("", ""),
        ("\\copy", ""),
    ],
)
def test_the_word_it_begins_with_is_found_past_comments_and_brackets(statement: str, verb: str) -> None:
    assert verb_of(statement) == verb


PIECES = st.sampled_from(
    ["SELECT 1", "'a;b'", "$$x;y$$", "$q$;$q$", "/* ; */", "-- ;\n", "a", " ", "\n", '";"', "E'\\';'", "(", ")", "1.5", "::int", "$1"]
)


@given(st.lists(st.lists(PIECES, min_size=1).map(" ".join), max_size=5))
def test_statements_joined_are_the_same_statements_again(texts: list[str]) -> None:
    whole = [each for text in texts for each in statements_of(text)]

    assert statements_of(";".join(f"{each}\n" for each in whole)) == whole


@given(st.text(max_size=200))
def test_any_text_is_taken_apart_and_nothing_is_lost_but_what_says_nothing(text: str) -> None:
    found = statements_of(text)

    assert all(each in text for each in found)
    assert all(statements_of(each) == [each] for each in found)


NOWHERE = """COPY t TO PROGRAM 'id'|DO $$ BEGIN END $$|SET ROLE beast|RESET ROLE|BEGIN|COMMIT|CALL p()
LISTEN x|VACUUM|LOCK t|GRANT ALL ON t TO public|;|(
PREPARE TRANSACTION 'x'|DISCARD ALL|LOAD 'x'"""


@pytest.mark.parametrize("statement", NOWHERE.replace("\n", "|").split("|"))
def test_whatever_is_not_named_is_refused_everywhere(statement: str) -> None:
    for allowed in (READING, WRITING, BUILDING):
        with pytest.raises(SqlVerbRefused):
            expect_verb(statement, allowed, "")


def test_reading_is_not_writing_and_writing_not_building() -> None:
    for statement, refused in (("UPDATE t SET a = 1", READING), ("CREATE TABLE t ()", WRITING), ("DROP TABLE t", READING)):
        with pytest.raises(SqlVerbRefused):
            expect_verb(statement, refused, "")
    expect_verb("UPDATE t SET a = 1", WRITING, "")
    expect_verb("CREATE TABLE t ()", BUILDING, "")
