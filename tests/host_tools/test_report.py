# SPDX-License-Identifier: MIT
"""The pictures and the page of `arena8 inspect`: well-formed, self-contained, clicked in a browser."""

from __future__ import annotations

import re
import shutil
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from arena8 import report
from arena8.report import svg
from arena8.report.graph import graph
from arena8.report.html import page

REPO = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(REPO / "tests" / "kernels"))
from model_builder import ModelBuilder  # noqa: E402

DIGITS = REPO / "firmware" / "models" / "digits.tflite"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def hostile() -> bytes:
    """Names that would do harm in a page that took them for markup."""
    m = ModelBuilder()
    x = m.tensor((1, 8), scale=0.5, name="</script><script>document.title='hit'</script>")
    y = m.tensor((1, 8), scale=0.5, name='"><img src=x onerror="document.title=\'hit\'">\x01&<!--')
    z = m.tensor((1, 4), scale=0.5, name="' ]]> </title><svg onload=alert(1)>")
    m.node("RELU", [x], [y])
    m.node("FULLY_CONNECTED", [y, m.constant(np.ones((4, 8), np.int8), scale=0.1), None], [z])
    return m.build(inputs=[x], outputs=[z])


@pytest.mark.parametrize("source", [str(DIGITS), hostile()], ids=["digits", "hostile"])
def test_pictures_are_xml_of_their_own(source):
    about = report.examine(source)
    for draw in (graph, svg.plan, svg.cost):
        text = draw(about)
        top = ElementTree.fromstring(text)
        assert top.tag == "{http://www.w3.org/2000/svg}svg"
        assert "var(--" not in text and "prefers-color-scheme: dark" in text
        assert not [e for e in top.iter() if e.tag.split("}")[-1] in ("script", "img", "image")]


def test_pictures_have_every_node_and_tensor():
    about = report.examine(str(DIGITS))
    nodes = {f"0:{node['index']}" for node in about["operators"]}
    for draw in (graph, svg.plan, svg.cost):
        top = ElementTree.fromstring(draw(about))
        assert {e.get("data-node") for e in top.iter() if e.get("data-node")} == nodes
    drawn = ElementTree.fromstring(svg.plan(about))
    tensors = {e.get("data-tensor") for e in drawn.iter() if e.get("data-tensor")}
    assert tensors == {
        f"0:{place['tensor']}" for place in about["plan"]["places"] if place["tensor"] is not None
    }


def test_page_fetches_nothing():
    text = page(report.examine(str(DIGITS)))
    links = re.findall(r"""(?:src|href)=["']([^"']*)""", text)
    assert [link for link in links if not link.startswith("data:")] == []
    assert "url(" not in text and "@import" not in text and "default-src 'none'" in text
    assert not re.search(r"https?://(?!www\.w3\.org/)", text)


def test_page_escapes_names():
    text = page(report.examine(hostile()))
    assert text.count("<script") == 2 and text.count("</script>") == 2
    assert "<img" not in text and "<svg onload" not in text


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    """Headless Chromium with an empty profile; it is never asked to fetch anything."""
    binary = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which("chromedriver")
    if not binary or not driver:
        pytest.skip("NOT TESTED: no Chromium with chromedriver here; `python3 firmware/packages.py browser`")
    webdriver = pytest.importorskip("selenium.webdriver", reason="NOT TESTED: selenium is not installed")
    options = webdriver.ChromeOptions()
    options.binary_location = binary
    for flag in ("headless", "no-sandbox", "disable-gpu", "disable-quic", "no-first-run",
                 "disable-background-networking", "disable-component-update", "disable-sync",
                 "window-size=1500,1200", f"user-data-dir={tmp_path_factory.mktemp('profile')}"):  # fmt: skip
        options.add_argument(f"--{flag}")
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    chrome = webdriver.Chrome(options=options, service=webdriver.ChromeService(driver))
    yield chrome
    chrome.quit()


def shown(browser, folder: Path, source) -> dict:
    about = report.examine(source)
    (folder / "report.html").write_text(page(about), encoding="utf-8")
    browser.get((folder / "report.html").as_uri())
    return about


def complaints(browser) -> list[str]:
    return [entry["message"] for entry in browser.get_log("browser") if entry["level"] != "INFO"]


def test_clicks_show_details(browser, tmp_path):
    about = shown(browser, tmp_path, str(DIGITS))

    def find(selector):
        return browser.find_elements("css selector", selector)

    panel = find("#panel")[0]
    assert "Click an operator" in panel.text
    conv = about["operators"][5]
    find('svg.graph [data-node="0:5"]')[0].click()
    assert find("#chosen")[0].text == "CONV_2D"
    assert f"{conv['macs']:,}" in panel.text and f"{conv['params']:,}" in panel.text
    assert f"{len(conv['inputs'][1]['scale'])} scales" in panel.text
    # Its tensors stand out in the plan.
    reads, writes = (
        [e.get_attribute("data-tensor") for e in find(f"svg.plan .at.{k}")] for k in ("reads", "writes")
    )
    assert reads == [f"0:{conv['inputs'][0]['index']}"] and writes == [f"0:{conv['outputs'][0]['index']}"]
    assert len(find('svg.cost .bar.selected[data-node="0:5"]')) == 1
    # A bar and a tensor choose too, and only one node is chosen at a time.
    find('svg.cost [data-node="0:9"] .name')[0].click()
    assert find("#chosen")[0].text == "SOFTMAX" and len(find("svg.graph .selected")) == 1
    added = about["operators"][3]["outputs"][0]["index"]
    find(f'svg.plan [data-tensor="0:{added}"] .place')[0].click()
    assert find("#chosen")[0].text == "ADD"
    browser.switch_to.active_element.send_keys("\ue015")  # arrow down
    assert find("#chosen")[0].text == "MAX_POOL_2D"
    before = browser.execute_script("return getComputedStyle(document.documentElement).backgroundColor")
    find("#theme")[0].click()
    assert before != browser.execute_script(
        "return getComputedStyle(document.documentElement).backgroundColor"
    )
    assert complaints(browser) == []


def test_hostile_names_stay_text(browser, tmp_path):
    shown(browser, tmp_path, hostile())
    browser.find_element("css selector", 'svg.graph [data-node="0:0"]').click()
    assert "onerror" in browser.find_element("css selector", "#panel").text
    assert "hit" not in browser.title
    assert browser.find_elements("css selector", "img") == []
    assert complaints(browser) == []


def test_page_of_a_model_that_cannot_run(browser, tmp_path):
    m = ModelBuilder()
    x, y = m.tensor((1, 16), "float32"), m.tensor((1, 4), "float32")
    m.node("FULLY_CONNECTED", [x, m.constant(np.ones((4, 16), np.int8), scale=0.1), None], [y])
    shown(browser, tmp_path, m.build(inputs=[x], outputs=[y]))
    assert "TFLITE_BUILTINS_INT8" in browser.find_element("css selector", "#obstacles").text
    browser.find_element("css selector", 'svg.graph [data-node="0:0"]').click()
    assert "can't run" in browser.find_element("css selector", "#panel").text
    assert complaints(browser) == []
