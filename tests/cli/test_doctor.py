"""`protobanana doctor` as a program of its own, against engines, gateways' configurations, LLMs and stores."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from protobanana.engine import EngineSettings, EngineThread
from protobanana.testing import call
from protobanana.workflows.library import bundled
from support.llm import LanguageServer
from support.program import run

QWEN = {
    "diffusion_models": ["qwen_image_2512_fp8_e4m3fn.safetensors"],
    "text_encoders": ["qwen_2.5_vl_7b_fp8_scaled.safetensors"],
    "vae": ["qwen_image_vae.safetensors"],
    "loras": ["Qwen-Image-Lightning-4steps-V1.0.safetensors"],
}
GOOD: dict[str, Any] = {
    "litellm_settings": {
        "custom_provider_map": [{"provider": "protobanana", "custom_handler": "protobanana.handler"}],
        "callbacks": ["protobanana.hooks"],
    },
    "router_settings": {"num_retries": 0, "disable_cooldowns": True},
    "general_settings": {"master_key": "sk-master-of-all", "cancel_on_disconnect": True},
}


class Report:
    """What `doctor --json` said."""

    def __init__(self, text: str) -> None:
        self.document: dict[str, Any] = json.loads(text)

    def messages(self, level: str, check: str = "", **about: str) -> list[str]:
        """Sentences of a level (and check, server, workflow)."""
        wanted = about | ({"check": check} if check else {})
        return [
            found["message"] for found in self.document["findings"]
            if found["level"] == level and all(found[key] == value for key, value in wanted.items())
        ]  # fmt: skip

    def fixes(self, server: str = "") -> list[str]:
        """Commands and lines for a server, or for the gateway."""
        return list(self.document["fixes"].get(server, []))


def doctor(home: Path, *words: str, status: int = 0, **environment: str) -> Report:
    return Report(run(home, "doctor", "--json", *words, status=status, **environment).stdout)


def entry(name: str, model: str, server: str, mode: str = "image_generation", **params: Any) -> dict[str, Any]:
    params = {"model": f"protobanana/{model}", "api_base": server, **params}
    return {"model_name": name, "litellm_params": params, "model_info": {"mode": mode}}


def config(home: Path, *models: dict[str, Any], **sections: dict[str, Any]) -> str:
    """A config.yaml: the good one, with these models and with sections replaced."""
    path = home / "config.yaml"
    path.write_text(json.dumps(GOOD | sections | {"model_list": list(models)}), "utf-8")
    return str(path)


@pytest.fixture(scope="module")
def complete() -> Iterator[str]:
    """An engine with everything that the bundled workflows need."""
    with EngineThread() as engine:
        yield engine.url


@contextmanager
def comfyui(**stats: Any) -> Iterator[str]:
    """A server that says of itself what `stats` hold, and whose node classes are those of the record."""
    info = (Path(__file__).parents[2] / "src/protobanana/data/object_info.json").read_bytes()
    answers = {
        "/system_stats": json.dumps(stats).encode(),
        "/object_info": info,
        "/features": json.dumps({"max_upload_size": stats.get("limit", 104_857_600)}).encode(),
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """One of the three."""
            self.send_response(200)
            self.send_header("content-length", str(len(answers[self.path])))
            self.end_headers()
            self.wfile.write(answers[self.path])

        def log_message(self, *args: object) -> None:
            """Nothing to say."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    http.server_close()
    thread.join()


def genuine(**more: Any) -> dict[str, Any]:
    """What a ComfyUI on a card of 24 GB says."""
    system = {"comfyui_version": "0.12.1", "ram_total": 64e9, "argv": ["/srv/my comfy/main.py"]} | more.pop(
        "system", {}
    )
    device = {"name": "NVIDIA X", "type": "cuda", "vram_total": 24e9, "vram_free": 20e9}
    return {"system": system, "devices": [device]} | more


# Servers ------------------------------------------------------------------------------------------------------------


def test_all_is_well(tmp_path: Path, complete: str) -> None:
    """A complete server has no problem: status 0, every default workflow looked at, no command to run."""
    report = doctor(tmp_path, "--comfyui", complete)

    assert report.messages("problem") == []
    assert report.document["status"] == "warning"
    assert report.fixes(complete) == []
    looked_at = {found["workflow"] for found in report.document["findings"]} - {""}
    assert looked_at == {name for name, workflow in bundled().items() if workflow.header.default}


def test_the_preview_engine_is_named(tmp_path: Path, complete: str) -> None:
    """Nobody should take its pictures for a model's."""
    assert "preview engine" in doctor(tmp_path, "--comfyui", complete).messages("warning", "version")[0]


def test_missing_files(tmp_path: Path) -> None:
    """Each missing file is told with size, source and folder; those of another quality are warnings; one command."""
    with EngineThread(EngineSettings(models=QWEN | {"vae": [], "loras": [], "text_encoders": []})) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, "--workflow", "qwen_image_2512", status=1)
        problems, warnings = report.messages("problem", "models"), report.messages("warning", "models")

        assert [text.split(":")[0] for text in problems] == [
            "qwen_2.5_vl_7b_fp8_scaled.safetensors (9.4 GB)", "qwen_image_vae.safetensors"
        ]  # fmt: skip
        assert "Comfy-Org/Qwen-Image_ComfyUI to models/text_encoders/" in problems[0]
        assert "quality low only" in warnings[0]
        assert report.fixes(engine.url) == ["protobanana models pull qwen_image_2512 --comfyui-dir DIR"]


def test_one_command_pulls_for_all(tmp_path: Path) -> None:
    """Workflows that lack files share a command, each named once."""
    with EngineThread(EngineSettings(models={})) as engine:
        names = ["qwen_image_2512", "z_image_turbo"]
        words = [word for name in names for word in ("--workflow", name)]
        report = doctor(tmp_path, "--comfyui", engine.url, *words, status=1)

        assert f"protobanana models pull {' '.join(names)} --comfyui-dir DIR" in report.fixes(engine.url)


def test_a_file_under_another_name(tmp_path: Path) -> None:
    """A file in a subfolder is not the same to ComfyUI: the name it has there is told, and no download advised."""
    elsewhere = QWEN | {"diffusion_models": ["qwen/qwen_image_2512_fp8_e4m3fn.safetensors"]}
    with EngineThread(EngineSettings(models=elsewhere)) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, "--workflow", "qwen_image_2512", status=1)

        assert "qwen/qwen_image_2512_fp8_e4m3fn.safetensors" in report.messages("problem", "models")[0]
        assert report.fixes(engine.url) == []


def test_missing_packs(tmp_path: Path) -> None:
    """A missing pack is named with its repository; one that is half there with its requirements."""
    rmbg = [name for name, node in _record().items() if "ComfyUI-RMBG" in node["python_module"]]
    words = ("--workflow", "region_edit_sam3_qwen_image_2511")
    with EngineThread(EngineSettings(missing_classes=rmbg)) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, *words, status=1)

        assert "SAM3Segment" in report.messages("problem", "nodes")[0]
        assert "https://github.com/1038lab/ComfyUI-RMBG" in report.messages("problem", "nodes")[0]
        assert report.fixes(engine.url)[0].startswith(
            "git clone https://github.com/1038lab/ComfyUI-RMBG DIR/custom_nodes/"
        )

    with EngineThread(EngineSettings(missing_classes=["SAM3Segment"])) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, *words, status=1)

        assert "did not load everything" in report.messages("problem", "nodes")[0]
        assert not any("git clone" in fix for fix in report.fixes(engine.url))


def test_an_old_comfyui_lacks_a_node_of_its_own(tmp_path: Path) -> None:
    """A class of ComfyUI's own that is missing means that ComfyUI is too old."""
    with EngineThread(EngineSettings(missing_classes=["ModelSamplingAuraFlow"])) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, "--workflow", "qwen_image_2512", status=1)

        assert "part of ComfyUI 0.12.1" in report.messages("problem", "nodes")[0]
        assert "git pull" in report.fixes(engine.url)[0]


def _record() -> dict[str, Any]:
    text = (Path(__file__).parents[2] / "src/protobanana/data/object_info.json").read_text("utf-8")
    found: dict[str, Any] = json.loads(text)
    return found


def test_an_unknown_class(tmp_path: Path, complete: str) -> None:
    """A class that nobody knows is named, with the packs of the header where it lists some."""
    graph = {"9": {"class_type": "SaveImageMyWay", "inputs": {}}}
    head = {"schema": 1, "operation": "generate", "outputs": {"image": "9"}}
    own = tmp_path / "own"
    own.mkdir()
    (own / "mine.json").write_text(json.dumps({"_protobanana": head} | graph), "utf-8")
    pack = {"custom_nodes": [{"name": "my pack", "url": "https://example.org/my-pack"}]}
    (own / "packed.json").write_text(json.dumps({"_protobanana": head | pack} | graph), "utf-8")
    report = doctor(tmp_path, "--comfyui", complete, status=1, PROTOBANANA_WORKFLOWS_DIR=str(own))

    assert "unknown node class SaveImageMyWay" in report.messages("problem", "nodes", workflow="mine")[0]
    assert "https://example.org/my-pack" in report.messages("problem", "nodes", workflow="packed")[0]
    assert "git clone https://example.org/my-pack 'DIR/custom_nodes/my pack'" in report.fixes(complete)
    assert "no licence" in report.messages("warning", "licence", workflow="mine")[0]


def test_a_server_that_is_not_there(tmp_path: Path, complete: str) -> None:
    """It is a problem of its own; other servers are looked at all the same."""
    report = doctor(tmp_path, "--comfyui", complete, "--comfyui", "http://127.0.0.1:9", status=1)

    assert len(report.messages("problem")) == 1
    assert report.messages("problem", "reachable", server="http://127.0.0.1:9")
    assert report.messages("ok", "nodes", server=complete)


@pytest.mark.parametrize("path", ["/system_stats", "/object_info"])
@pytest.mark.parametrize("fault", ["http_500_on", "garbage_json_on", "html_on"])
def test_a_server_that_is_no_comfyui(tmp_path: Path, path: str, fault: str) -> None:
    """Whatever else answers there is told in a sentence."""
    settings = EngineSettings()
    getattr(settings.faults, fault).add(path)
    with EngineThread(settings) as engine:
        report = doctor(tmp_path, "--comfyui", engine.url, status=1)

        assert len(report.messages("problem", "reachable", server=engine.url)) == 1


def test_a_server_that_answers_and_says_nothing(tmp_path: Path) -> None:
    """JSON that is not ComfyUI's is told, not crashed on."""
    with comfyui() as url:
        assert "not ComfyUI" in doctor(tmp_path, "--comfyui", url, status=1).messages("problem", "reachable")[0]


def test_memory_and_flags(tmp_path: Path) -> None:
    """Weights larger than the card, a cache for one workflow only, and uploads smaller than ours are warned of."""
    names = ["qwen_image_edit_2511", "z_image_turbo"]
    words = [word for name in names for word in ("--workflow", name)]
    with comfyui(**genuine(limit=10 * 1024 * 1024)) as url:
        report = doctor(tmp_path, "--comfyui", url, *words, status=1)

        assert "40.8 GB, the GPU 24.0 GB" in report.messages("warning", "memory")[0]
        assert "24.0 GB of GPU memory, 20.0 GB free" in report.messages("ok", "memory")[0]
        assert "start ComfyUI with --cache-lru 64" in report.fixes(url)
        assert any("--max-upload-size" in fix for fix in report.fixes(url))
        # The folder is known from the command line, and quoted.
        assert f"protobanana models pull {' '.join(names)} --comfyui-dir '/srv/my comfy'" in report.fixes(url)


def test_flags_that_are_there(tmp_path: Path) -> None:
    """A server with a cache is left alone, and so is one that does not tell its flags."""
    for argv in (["main.py", "--cache-lru", "64"], []):
        with comfyui(**genuine(system={"argv": argv})) as url:
            report = doctor(tmp_path, "--comfyui", url, status=1)

            assert report.messages("warning", "flags") == []


def test_an_old_version_and_no_card(tmp_path: Path) -> None:
    """An old ComfyUI is a warning, computing on the CPU a problem."""
    with comfyui(**genuine(system={"comfyui_version": "0.9.2"}, devices=[{"name": "cpu", "type": "cpu"}])) as url:
        report = doctor(tmp_path, "--comfyui", url, status=1)

        assert "0.9.2 is older" in report.messages("warning", "version")[0]
        assert "no GPU" in report.messages("problem", "memory")[0]


def test_licences(tmp_path: Path, complete: str) -> None:
    """A workflow that must not be used commercially is named as such."""
    report = doctor(tmp_path, "--comfyui", complete, "--workflow", "bgremove_rmbg2")

    assert "no commercial use" in report.messages("warning", "licence", workflow="bgremove_rmbg2")[0]


# The gateway's configuration ----------------------------------------------------------------------------------------


def test_a_good_configuration(tmp_path: Path, complete: str) -> None:
    """Nothing is found in what the documentation recommends; the workflows of the aliases are looked at, no others."""
    path = config(
        tmp_path,
        entry("draw", "qwen_image_2512", complete),
        entry("turbo", "qwen_image_2512", complete, quality="low"),
        {"model_name": "text", "litellm_params": {"model": "openai/x"}},
    )
    report = doctor(tmp_path, "--config", path)

    assert report.messages("ok", "config")
    assert {found["workflow"] for found in report.document["findings"]} == {"", "qwen_image_2512"}
    assert report.fixes() == []


def test_settings_that_bite(tmp_path: Path, complete: str) -> None:
    """A configuration as LiteLLM's own documentation writes one, each trap with the line that closes it."""
    path = config(
        tmp_path,
        entry("chat", "chat", complete, "chat", timeout=60),
        entry("draw", "qwen_image_2512", complete),
        entry("draw", "qwen_image_2512", complete),
        entry("gone", "no_such_thing", complete),
        litellm_settings={"success_callback": ["langfuse"], "num_retries": 3, "request_timeout": "20"},
        router_settings={},
        general_settings={"max_request_size_mb": 10},
    )
    report = doctor(tmp_path, "--config", path, status=1)
    found = {finding["check"] for finding in report.document["findings"] if finding["level"] == "warning"}
    lines = "\n".join(report.fixes())

    assert found >= {
        "callbacks", "logging", "retries", "cooldowns", "timeouts", "keepalive", "parameters", "cancel", "key",
        "body size", "aliases",
    }  # fmt: skip
    assert {finding["check"] for finding in report.document["findings"] if finding["level"] == "problem"} == {
        "provider", "models"
    }  # fmt: skip
    assert "no_such_thing" in report.messages("problem", "models")[0]
    assert len(report.messages("warning", "timeouts")) == 2
    for line in ("custom_handler: protobanana.handler", "num_retries: 0", "keepalive_seconds: 15", "drop_params"):
        assert (line in lines) is (line != "drop_params")


def test_retries_that_nobody_set(tmp_path: Path, complete: str) -> None:
    """LiteLLM's own default of three tries bites only without the callback, which asks for one."""
    model = entry("draw", "qwen_image_2512", complete)
    with_hooks = doctor(tmp_path, "--config", config(tmp_path, model, router_settings={"disable_cooldowns": True}))
    bare = {"custom_provider_map": GOOD["litellm_settings"]["custom_provider_map"]}
    path = config(tmp_path, model, router_settings={"disable_cooldowns": True}, litellm_settings=bare)
    without = doctor(tmp_path, "--config", path)

    assert with_hooks.messages("warning", "retries") == []
    assert "three times" in without.messages("warning", "retries")[0]


def test_servers_of_a_configuration(tmp_path: Path, complete: str) -> None:
    """Commas separate servers, variables are looked up, included files count, COMFYUI_BASE_URL is the last resort."""
    more = tmp_path / "sub" / "more.yaml"
    more.parent.mkdir()
    more.write_text(
        "model_list:\n- {model_name: here, litellm_params: {model: protobanana/z_image_turbo}}\n", encoding="utf-8"
    )
    path = Path(config(tmp_path, entry("two", "qwen_image_2512", f"{complete}, http://127.0.0.1:9/"),
                       entry("var", "bgremove_rmbg2", "os.environ/RENDERER"),
                       entry("own", "bgremove_birefnet", "os.environ/SECOND"),
                       environment_variables={"SECOND": "http://127.0.0.1:9"}))  # fmt: skip
    document = json.loads(path.read_text("utf-8")) | {"include": ["sub/more.yaml"]}
    path.write_text(json.dumps(document), "utf-8")
    report = doctor(
        tmp_path, "--config", str(path), status=1, RENDERER="http://127.0.0.1:7", COMFYUI_BASE_URL="http://127.0.0.1:5"
    )
    down = {found["server"] for found in report.document["findings"] if found["check"] == "reachable"}

    assert down == {"http://127.0.0.1:9", "http://127.0.0.1:7", "http://127.0.0.1:5"}
    assert report.messages("ok", "nodes", server=complete, workflow="qwen_image_2512")
    assert report.messages("warning", "variables") == []


def test_variables_that_are_not_set(tmp_path: Path, complete: str) -> None:
    """They are named, because what runs without them is not what was meant."""
    path = config(tmp_path, entry("draw", "qwen_image_2512", complete, api_key="os.environ/NOT_THERE"))

    assert "NOT_THERE" in doctor(tmp_path, "--config", path).messages("warning", "variables")[0]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("a: [", "YAML"),
        ("- a", "mapping"),
        ("include: [config.yaml]", "include"),
        ("include: 3", "include"),
        ("\udcff", "UTF-8"),
    ],
)
def test_a_configuration_that_cannot_be_read(tmp_path: Path, text: str, named: str) -> None:
    """One sentence with the file's name."""
    (tmp_path / "config.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    said = run(tmp_path, "doctor", "--config", "config.yaml", status=1).stderr

    assert named in said
    assert "config.yaml" in said


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        "model_list: 3",
        "model_list: [3, {}]",
        "model_list: [{litellm_params: {model: protobanana/chat}}]\nrouter_settings: []",
    ],
)
def test_a_strange_configuration_is_survived(tmp_path: Path, complete: str, text: str) -> None:
    """Whatever LiteLLM would make of it, the report is complete."""
    (tmp_path / "config.yaml").write_text(text, "utf-8")

    assert doctor(tmp_path, "--config", "config.yaml", "--comfyui", complete, status=1).messages("problem")


# The language model -------------------------------------------------------------------------------------------------


def test_an_llm_that_calls_tools(tmp_path: Path, complete: str) -> None:
    """One call with one tool is made, and its answer judged."""
    with LanguageServer() as llm:
        llm.replies = [[call("set_lamp", room="kitchen", on=True)]]
        report = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_AGENT_BASE=llm.url, PROTOBANANA_AGENT_MODEL="m")

        assert "calls tools" in report.messages("ok", "agent")[0]
        assert len(llm.asked) == 1


def test_an_llm_without_tools(tmp_path: Path, complete: str) -> None:
    """A model that only talks is a problem, for it would never draw."""
    with LanguageServer() as llm:
        llm.replies = [["I have switched it on."]]
        report = doctor(
            tmp_path, "--comfyui", complete, status=1, PROTOBANANA_AGENT_BASE=llm.url, PROTOBANANA_AGENT_MODEL="m"
        )

        assert "calls no tool" in report.messages("problem", "agent")[0]
        assert "--enable-auto-tool-choice" in report.fixes()[0]


def test_an_llm_that_calls_it_wrong(tmp_path: Path, complete: str) -> None:
    """A simple call with nonsense in it is a warning."""
    with LanguageServer() as llm:
        llm.replies = [[call("set_lamp", raw="kitchen on")]]
        report = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_AGENT_BASE=llm.url, PROTOBANANA_AGENT_MODEL="m")

        assert "got a simple one wrong" in report.messages("warning", "agent")[0]


def test_an_llm_that_is_not_there(tmp_path: Path, complete: str) -> None:
    """It is a problem where it is wanted, and not asked at all where the words decide."""
    there = {"PROTOBANANA_AGENT_BASE": "http://127.0.0.1:9/v1", "PROTOBANANA_AGENT_MODEL": "m"}
    report = doctor(tmp_path, "--comfyui", complete, status=1, **there)

    assert "Until it answers, the words decide" in report.messages("problem", "agent")[0]
    assert doctor(tmp_path, "--comfyui", complete, PROTOBANANA_INTENT_MODE="keyword", **there).messages("ok", "agent")


def test_an_llm_behind_an_alias(tmp_path: Path, complete: str) -> None:
    """An alias of the configuration is called as the gateway would; one that leads back to us is refused."""
    with LanguageServer() as llm:
        llm.replies = [[call("set_lamp", room="kitchen", on=True)]]
        alias = {
            "model_name": "protolabs/fast",
            "litellm_params": {"model": "openai/m", "api_base": llm.url, "api_key": "os.environ/LLM_KEY"},
        }
        draw = entry("draw", "qwen_image_2512", complete)
        report = doctor(tmp_path, "--config", config(tmp_path, draw, alias), LLM_KEY="sk-of-the-llm")

        assert "calls tools" in report.messages("ok", "agent")[0]

    path = config(tmp_path, draw, entry("protolabs/fast", "chat", complete, "chat", keepalive_seconds=5))
    back = doctor(tmp_path, "--config", path, status=1)

    assert "protoBanana's own" in back.messages("problem", "agent")[0]


# Places -------------------------------------------------------------------------------------------------------------


def test_a_store_that_cannot_be_written(tmp_path: Path, complete: str) -> None:
    """A folder that is a file is a problem; no store, a full one and a bucket without its driver are told too."""
    (tmp_path / "file").touch()
    broken = doctor(tmp_path, "--comfyui", complete, status=1, PROTOBANANA_STORE=str(tmp_path / "file"))
    off = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_STORE="off")
    small = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_STORE_MB="90000000")
    bucket = doctor(tmp_path, "--comfyui", complete, status=1, PROTOBANANA_STORE="nosuch://bucket")

    assert "cannot be used" in broken.messages("problem", "store")[0]
    assert "Off" in off.messages("warning", "store")[0]
    assert "PROTOBANANA_STORE_MB" in small.messages("warning", "store")[0]
    assert bucket.messages("problem", "store")


def test_a_store_that_works(tmp_path: Path, complete: str) -> None:
    """It is written and read, and nothing stays behind."""
    store = tmp_path / "store"
    report = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_STORE=str(store))

    assert len(report.messages("ok", "store")) == 2
    assert [path for path in store.rglob("*") if path.is_file()] == []


def test_a_bucket(tmp_path: Path, complete: str) -> None:
    """Any fsspec address is tried; without a secret of its own, a second gateway could not read it."""
    report = doctor(tmp_path, "--comfyui", complete, PROTOBANANA_STORE="memory://bucket")

    assert "can be written" in report.messages("ok", "store")[0]
    assert "PROTOBANANA_SECRET" in report.messages("warning", "store")[0]


def test_broken_documents(tmp_path: Path, complete: str) -> None:
    """A document of the operator's that cannot be used is a problem with its name."""
    own = tmp_path / "own"
    own.mkdir()
    (own / "bad.json").write_text("{", "utf-8")
    report = doctor(tmp_path, "--comfyui", complete, status=1, PROTOBANANA_WORKFLOWS_DIR=str(own))

    assert report.messages("problem", "workflows")[0].startswith("bad.json")


# The report ---------------------------------------------------------------------------------------------------------


def test_the_report_for_people(tmp_path: Path) -> None:
    """Grouped by server, then workflow; the commands stand alone on their lines, uncut."""
    with EngineThread(EngineSettings(models={})) as engine:
        said = run(tmp_path, "doctor", "--comfyui", engine.url, status=1, COLUMNS="80").stdout

    assert said.index("gateway") < said.index(engine.url) < said.index("qwen_image_2512")
    assert re.search(r"(?m)^  protobanana models pull qwen_image_2512 .* --comfyui-dir DIR$", said)
    assert re.search(r"(?m)^\d+ problems, \d+ warnings, \d+ ok$", said)


def test_no_secret_is_printed(tmp_path: Path, complete: str) -> None:
    """Neither passwords of addresses, nor keys of configuration and environment, wherever an error carries them."""
    path = config(
        tmp_path,
        entry("a", "chat", complete.replace("://", "://me:hunter22@"), "chat", keepalive_seconds=1),
        entry("b", "chat", "http://me:hunter22@127.0.0.1:9", "chat", keepalive_seconds=1),
        {"model_name": "protolabs/fast", "litellm_params": {"model": "openai/m", "api_base": "http://127.0.0.1:9/sk-inside",
                                                            "api_key": "sk-inside"}},
    )  # fmt: skip
    secret = {"PROTOBANANA_SECRET": "very-secret-text", "LITELLM_MASTER_KEY": "sk-master-env"}
    for words in ((), ("--json",)):
        done = run(tmp_path, "doctor", "--config", path, *words, status=1, **secret)

        for hidden in ("hunter22", "sk-master", "very-secret", "sk-inside"):
            assert hidden not in done.stdout + done.stderr


def test_addresses_beside_a_configuration_without_ours(tmp_path: Path, complete: str) -> None:
    """A server that was named is looked at, whatever the configuration lacks."""
    path = config(tmp_path, {"model_name": "text", "litellm_params": {"model": "openai/x"}})
    report = doctor(tmp_path, "--config", path, "--comfyui", complete, status=1)

    assert report.messages("warning", "version", server=complete)
    assert "protobanana/chat" in report.fixes()[0]


def test_it_never_hangs(tmp_path: Path, complete: str) -> None:
    """A server that takes connections and never answers costs one bounded wait, and nothing else is lost."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        report = doctor(tmp_path, "--comfyui", address, "--comfyui", complete, status=1)

    assert "did not answer" in report.messages("problem", "reachable", server=address)[0]
    assert report.messages("ok", "nodes", server=complete)


@pytest.mark.parametrize(
    ("words", "named"), [(("--workflow", "nothing"), "nothing"), (("--comfyui", "ftp://x"), "address of ComfyUI")]
)
def test_mistakes_of_the_caller(tmp_path: Path, words: tuple[str, ...], named: str) -> None:
    """An unknown workflow or an impossible address ends with status 1 and its name."""
    done = run(tmp_path, "doctor", *words, status=1)

    assert named in done.stdout + done.stderr
