"""`config check` and `config show` on a file that can be used."""

from __future__ import annotations

from tests.cli.conftest import Home


async def test_a_good_file_is_called_usable_with_its_notes(home: Home) -> None:
    home.settings.write_text(home.settings.read_text() + "LLM_PROT=1\n")

    text = await home.run("config", "check")
    as_json = await home.run("config", "check", "--json")

    assert (text.code, as_json.code) == (0, 0)
    assert "is usable: 3 settings set" in text.out
    assert "LLM_PORT was meant" in text.err
    assert as_json.document["is_usable"] is True
    assert as_json.document["problems"] == []
    assert [(note["key"], note["line"]) for note in as_json.document["notes"]] == [
        ("NODE_PRIVATE_KEY", 3),
        ("LLM_PROT", 4),
    ]


async def test_every_value_is_shown_with_its_source_and_no_secret(home: Home) -> None:
    text = await home.run("config", "show", CORTENSOR_TUI_SEED="5")
    as_json = await home.run("config", "show", "--json", CORTENSOR_TUI_SEED="5")

    shown = {entry["key"]: entry for entry in as_json.document["settings"]}
    assert shown["CHAINID"] == {
        "key": "CHAINID",
        "value": "31337",
        "source": "file",
        "file": str(home.settings),
        "line": 2,
    }
    assert (shown["CORTENSOR_TUI_SEED"]["value"], shown["CORTENSOR_TUI_SEED"]["source"]) == (
        "5",
        "environment",
    )
    assert (shown["LLM_PORT"]["value"], shown["LLM_PORT"]["source"]) == ("8090", "default")
    assert shown["NODE_PRIVATE_KEY"]["value"] == "(hidden)"
    for ended in (text, as_json):
        assert ended.code == 0
        assert "4c4c" not in ended.out
        assert "secret-token" not in ended.out
