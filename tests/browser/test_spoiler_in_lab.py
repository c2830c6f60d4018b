"""The set spoiler in JupyterLab, in a browser: a slider moved by keyboard changes the sheet and the table, and Reset puts both back."""

from lab import run_cells_with, serious
from playwright.sync_api import expect

SHOW = "from gancourse.widgets import SetSpoiler\n\nSetSpoiler()"
PIXELS = """async image => {
  await image.decode();
  const canvas = Object.assign(document.createElement("canvas"), { width: image.naturalWidth, height: image.naturalHeight });
  const context = canvas.getContext("2d");
  context.drawImage(image, 0, 0);
  return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data.filter((_, i) => i % 4 === 0));
}"""


def test_a_slider_moved_by_keyboard_spoils_the_set_and_reset_puts_it_back(lab):
    with lab().notebook(SHOW) as (page, notebook):
        run_cells_with(page, notebook, "SetSpoiler")
        box, said = page.locator(".gancourse"), page.locator(".gancourse [role=status]")
        sheet, recall = box.locator("img.gancourse-picture"), box.get_by_role("row", name="recall")
        expect(said).to_contain_text("unspoiled. Seen by no measure.", timeout=30_000)
        expect(recall).to_contain_text("does not see it")
        before = sheet.evaluate(PIXELS)
        box.get_by_role("slider", name="noise").focus()
        for _ in range(8):
            page.keyboard.press("ArrowRight")
        expect(said).to_contain_text("noise 0.5. Seen by Fréchet distance, kernel distance, recall", timeout=30_000)
        expect(recall.get_by_role("cell").last).to_have_text("sees it")
        expect(box.get_by_role("row", name="precision")).to_contain_text("does not see it")
        expect(sheet).to_have_attribute("alt", "32 of 500 real digits: noise 0.5")
        noisy = sheet.evaluate(PIXELS)
        assert sum(a != b for a, b in zip(before, noisy, strict=True)) > len(before) / 4
        assert serious(page) == []
        for width in (1280, 700):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function("([box, width]) => box.clientWidth < width", arg=[box.element_handle(), width])
            assert box.evaluate("box => box.scrollWidth <= box.clientWidth")
        box.get_by_role("button", name="Reset").press("Enter")
        expect(said).to_contain_text("unspoiled. Seen by no measure.", timeout=30_000)
        assert sheet.evaluate(PIXELS) == before
