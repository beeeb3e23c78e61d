"""What axe-core finds on a page that keeps people out: only the serious and the critical."""

from importlib.resources import files

from playwright.sync_api import Page

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8")
# The map's frame, the same in all views, is looked at by itself.
_FOUND = """async () => {
    const found = await axe.run(document, { resultTypes: ["violations"], iframes: false });
    return found.violations
        .filter((one) => ["serious", "critical"].includes(one.impact))
        .map((one) => `${one.id}: ${one.nodes.map((node) => node.html).join("  ").slice(0, 400)}`);
}"""


def barriers(page: Page) -> list[str]:
    """Give the barriers of a page as it is drawn now, each with the parts that have it."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(AXE)
    found: list[str] = page.evaluate(_FOUND)
    return found
