"""The page in a real browser, against `protobanana serve` with the embedded engine."""

from __future__ import annotations

import io
import re

import numpy as np
import PIL.Image
from playwright.sync_api import Browser

from support.browser import Studio, disc, eventually
from support.gateways import KEY, Gateway

PICTURES_LOADED = "[...document.querySelectorAll('#pb-chat .bot.message img')].every(image => image.naturalWidth > 0)"


def test_three_turns_of_a_chat(studio: Studio, gateway: Gateway) -> None:
    """The second turn edits the picture of the first, and the third cuts the second's out; all stay in the history."""
    studio.say("draw a red apple on a plain white background")
    studio.say("make the apple green")
    studio.say("remove the background")

    pictures = studio.page.locator("#pb-chat .bot.message img")
    assert pictures.count() == 3
    studio.page.wait_for_function(PICTURES_LOADED)
    known = studio.page.evaluate("studio.all()")
    assert [one["parent"] for one in known] == ["", known[0]["id"], known[1]["id"]]
    studio.tab("History")
    assert studio.page.locator("#lineage li li li img").count() == 1


WATCH = """() => {
  window.seen = {words: [], shares: [], frames: 0};
  new MutationObserver(() => {
    const stage = document.querySelector("#stage-chat"), bar = stage.querySelector("progress[value]");
    window.seen.words.push(stage.innerText);
    if (bar) window.seen.shares.push(bar.value);
    window.seen.frames += document.querySelectorAll("#pb-chat .bot.message img[src^='data:']").length;
  }).observe(document.body, {childList: true, subtree: true, attributes: true});
}"""


def test_progress_is_seen(studio: Studio) -> None:
    """While a turn is drawn there are a bar that grows, the step in words, and rough frames in the conversation."""
    studio.page.evaluate(WATCH)
    studio.say("draw a red apple")
    seen = studio.page.evaluate("window.seen")

    assert any(re.search(r"[1-9]\d*/\d+", words) for words in seen["words"])
    assert seen["shares"]
    assert seen["shares"] == sorted(seen["shares"])
    assert seen["frames"] > 0
    studio.page.wait_for_function(PICTURES_LOADED)
    assert studio.page.locator("#pb-chat .bot.message img[src^='data:']").count() == 0


def test_a_picture_at_full_size(studio: Studio) -> None:
    """A picture of the conversation comes whole; a click shows it pixel by pixel, and Escape closes it again."""
    studio.say("draw a red apple")
    studio.page.wait_for_function(PICTURES_LOADED)
    picture = studio.page.locator("#pb-chat .bot.message img")
    assert picture.evaluate("image => image.naturalWidth") >= 1024
    picture.click()
    large = studio.page.locator("dialog img")
    large.wait_for()
    assert large.evaluate("image => image.width == image.naturalWidth")
    studio.page.keyboard.press("Escape")

    eventually(lambda: studio.page.locator("dialog").count() == 0 or None)


def test_paste_and_go_on(studio: Studio) -> None:
    """A pasted picture is an input; its result is taken to another tab, and any earlier picture can be picked there."""
    studio.tab("Edit")
    studio.ready("edit")
    studio.page.evaluate(PASTE, list(disc("red")))
    studio.page.locator("#pictures-edit canvas").wait_for()
    studio.prompt("edit", "make the disc blue")
    studio.run("edit")
    studio.result("edit")
    studio.stage("edit").get_by_label("Use this picture in").select_option("Remove background")
    studio.ready("remove_background")
    given = studio.page.locator("#pictures-remove_background .pb-chosen img")
    given.wait_for()
    known = studio.page.evaluate("studio.all()")
    assert given.get_attribute("src") == known[1]["src"]
    studio.page.locator("#pictures-remove_background summary").click()
    studio.page.locator("#pictures-remove_background").get_by_title("pasted.png").click()
    eventually(lambda: given.get_attribute("src") == known[0]["src"] or None)
    studio.run("remove_background")
    studio.result("remove_background")

    assert studio.page.evaluate("studio.all()")[2]["parent"] == known[0]["id"]


PASTE = """bytes => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], "pasted.png", {type: "image/png"}));
  document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data, bubbles: true}));
}"""


def test_undo_and_branch(studio: Studio) -> None:
    """Undo brings the words back into the box; other words begin a branch, and the first one can be gone back to."""
    studio.say("draw a red apple")
    studio.page.click("#undo-chat")
    eventually(lambda: studio.page.input_value("#prompt-chat textarea") == "draw a red apple" or None)
    studio.say("draw a yellow banana")
    studio.page.get_by_role("button", name="Turns and branches").click()
    studio.page.get_by_role("button", name="Continue from: draw a red apple").click()
    eventually(lambda: "red apple" in studio.page.locator("#pb-chat").inner_text() or None)

    assert "banana" not in studio.page.locator("#pb-chat .user.message").inner_text()


def test_the_chat_survives_a_reload(studio: Studio) -> None:
    """The conversation is the browser's: it is there again after a reload, and nobody else has it."""
    studio.say("draw a red apple")
    studio.page.reload()

    eventually(lambda: studio.page.locator("#pb-chat .bot.message img").count() == 1 or None)


def test_visitors_do_not_meet(studio: Studio, browser: Browser, gateway: Gateway) -> None:
    """Another visitor sees neither the conversation nor the pictures of the first."""
    studio.say("draw a red apple")
    other = Studio(browser, f"{gateway.url}/studio", KEY)
    other.tab("Generate")
    other.ready("generate")
    other.tab("Chat")

    assert other.page.locator("#pb-chat .message").count() == 0
    assert other.page.evaluate("studio.all()") == []
    other.close()


def test_attached_picture_is_edited(studio: Studio) -> None:
    """A picture attached to a turn is what the turn is about, and the next turn goes on from the result."""
    studio.give("chat", ("disc.png", disc("red")))
    studio.say("make the disc blue")
    studio.say("make it night")

    studio.page.wait_for_function(PICTURES_LOADED)
    known = studio.page.evaluate("studio.all()")
    assert [one["parent"] for one in known][1:] == [known[0]["id"], known[1]["id"]]


def test_generate(studio: Studio) -> None:
    """Two variants of a chosen size come with their seeds; the locked seed gives the same picture again."""
    studio.tab("Generate")
    studio.ready("generate")
    studio.prompt("generate", "a lighthouse at the sea")
    studio.page.locator("#sizes-generate").get_by_text("1664 × 928").click()
    studio.page.get_by_label("number input for Variants").locator("visible=true").fill("2")
    studio.run("generate")
    studio.result("generate")

    assert studio.stage("generate").locator(".pb-thumb").count() == 2
    first = studio.saved("generate")
    assert first.size == (1664, 928)
    studio.page.get_by_label("Lock seed").locator("visible=true").check()
    studio.run("generate")
    studio.page.get_by_role("button", name="Copy as curl or Python").locator("visible=true").click()
    eventually(lambda: '"seed": ' in studio.page.input_value("#curl-generate textarea") or None)
    eventually(lambda: studio.stage("generate").locator("progress").count() == 0 or None)
    assert studio.saved("generate").tobytes() == first.tobytes()
    assert studio.saved("generate", "WEBP").format == "WEBP"
    assert KEY not in studio.page.input_value("#curl-generate textarea")
    assert "client.images.generate(" in studio.page.input_value("#python-generate textarea")


def test_edit_with_a_brush(studio: Studio) -> None:
    """Outside the painted mask every pixel of the saved file is the original's; inside something has changed."""
    original = disc("red")
    studio.tab("Edit")
    studio.ready("edit")
    studio.give("edit", ("disc.png", original))
    canvas = studio.page.locator("#pictures-edit canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box
    studio.page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.5)
    studio.page.mouse.down()
    studio.page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.5, steps=5)
    studio.page.mouse.up()
    studio.prompt("edit", "a blue square")
    studio.run("edit")
    studio.result("edit")
    studio.stage("edit").get_by_role("button", name="Before / after").click()
    slide = studio.stage("edit").get_by_label("Before and after")
    slide.fill("25")
    assert "inset(0px 75% 0px 0px)" in str(studio.stage("edit").locator(".pb-before").get_attribute("style"))

    before = np.asarray(PIL.Image.open(io.BytesIO(original)).convert("RGB")).astype(int)
    after = np.asarray(studio.saved("edit").convert("RGB")).astype(int)
    changed = np.abs(before - after).sum(axis=2) > 0
    rows, columns = np.nonzero(changed)
    assert changed.sum() > 1000
    assert rows.min() > 512 * 0.4
    assert rows.max() < 512 * 0.6
    assert columns.min() > 512 * 0.3
    assert columns.max() < 512 * 0.7


def test_compose(studio: Studio) -> None:
    """Two references, swapped in the tray, become one picture with something of both."""
    studio.tab("Compose")
    studio.ready("compose")
    studio.give("compose", ("blue.png", disc("blue")), ("yellow.png", disc("yellow")))
    studio.page.get_by_role("button", name="Picture 2 earlier").click()
    studio.prompt("compose", "put both discs side by side into one picture")
    studio.run("compose")
    studio.result("compose")

    pixels = np.asarray(studio.saved("compose").convert("RGB")).astype(int)
    assert ((pixels - [0, 0, 255]) ** 2).sum(axis=2).min() < 6000
    assert ((pixels - [255, 255, 0]) ** 2).sum(axis=2).min() < 6000
    studio.page.get_by_role("button", name="Copy as curl or Python").locator("visible=true").click()
    assert "image[]" in studio.page.input_value("#curl-compose textarea")


def test_cut_out(studio: Studio) -> None:
    """The saved PNG is transparent around the subject; as JPEG it is on white."""
    studio.tab("Remove background")
    studio.ready("remove_background")
    studio.give("remove_background", ("disc.png", disc("red")))
    studio.run("remove_background")
    studio.result("remove_background")

    cut = studio.saved("remove_background")
    assert cut.mode == "RGBA"
    assert cut.getchannel("A").getextrema() == (0, 255)
    assert min(studio.saved("remove_background", "JPEG").getpixel((3, 3))) > 250


def test_region(studio: Studio) -> None:
    """The region that was found can be laid over the result."""
    studio.tab("Region edit")
    studio.ready("region_edit")
    studio.give("region_edit", ("disc.png", disc("red")))
    studio.prompt("region_edit", "make the red circle green")
    studio.page.fill("#field-region_edit-region textarea", "the red circle")
    studio.run("region_edit")
    studio.result("region_edit")
    studio.stage("region_edit").get_by_role("button", name="Show region").click()

    assert studio.stage("region_edit").locator(".pb-region").count() == 1


def test_outpaint(studio: Studio) -> None:
    """256 pixels typed left and right double the width of a picture of 512; the frame shows it before."""
    studio.tab("Outpaint")
    studio.ready("outpaint")
    studio.give("outpaint", ("disc.png", disc("red")))
    for side in ("Left", "Right"):
        entry = studio.page.locator("#pictures-outpaint").get_by_label(side)
        entry.fill("256")
        entry.press("Tab")
    assert studio.page.locator("#pictures-outpaint .pb-size").inner_text() == "512 × 512 → 1024 × 512"
    studio.prompt("outpaint", "extend the picture")
    studio.run("outpaint")
    studio.result("outpaint")

    assert studio.saved("outpaint").size == (1024, 512)


def test_drag_a_side(studio: Studio) -> None:
    """A side that is dragged as far as the picture is wide doubles the width, in the frame and in the saved file."""
    studio.tab("Outpaint")
    studio.ready("outpaint")
    studio.give("outpaint", ("disc.png", disc("red")))
    right = studio.page.locator("#pictures-outpaint").get_by_label("Right")
    handle = studio.page.locator("#pictures-outpaint .pb-right")
    handle.scroll_into_view_if_needed()
    box, picture = handle.bounding_box(), studio.page.locator("#pictures-outpaint .pb-frame img").bounding_box()
    assert box
    assert picture
    studio.page.mouse.move(box["x"] + 5, box["y"] + 20)
    studio.page.mouse.down()
    studio.page.mouse.move(box["x"] + 5 + picture["width"], box["y"] + 20, steps=4)
    studio.page.mouse.up()
    eventually(lambda: right.input_value() == "512" or None)
    studio.prompt("outpaint", "extend the picture")
    studio.run("outpaint")
    studio.result("outpaint")

    assert studio.saved("outpaint").size == (1024, 512)
