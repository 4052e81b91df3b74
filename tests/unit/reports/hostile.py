"""Texts that mean something to GitHub's Markdown, as they may stand in a config or come back from AWS."""

TEXTS = (
    "@octocat", "mail @octocat/team now", "#1", "GH-1", "octo/batch#1", "octo/batch@c4f3e0b1a29d8c7b6a5f4e3d2c1b0a9f8e7d6c5b",
    "c4f3e0b1a29d8c7b6a5f4e3d2c1b0a9f8e7d6c5b", "[a](http://example.com)", "[a][b]", "![i](https://example.com/x.png)",
    "<img src=x onerror=alert(1)>", "<a href='//example.com'>x</a>", "</details>", "</summary>", "<details open>", "<!-- x -->",
    "-->", "<!--", "```", "`````", "~~~", "``` diff", "`", "``", "a`b|c`", "| a | b |", "x|y\\|z", "| `", "` |", "\\", "\\|",
    "*bold* _it_ ~~x~~", "http://example.com", "https://example.com/a_b", "www.example.com", "a@example.com", "mailto:x@y.z",
    "ftp://example.com", "- [ ] x", "> quote", "> [!CAUTION]", "1. x", "# head", "***", "---", "===", "\r\n# h", "a\n\n| b |\n|---|",
    "line\nbreak", "&lt;b&gt;", "&amp;", "&#64;octocat", "&commat;octocat", "{{ x }}", "$a$", "$$x$$", "::error::x", "\n::error::x",
    "::add-mask::a", "##[error]x", "\u202egnp.exe", "\x1b[31mred", "\u200b@octocat", "<script>", "^x^", "[^1]", "[^1]: x", ":smile:",
    "<!-- esprestack:default -->", "\n<!-- esprestack:default -->", "\n<!-- /esprestack:section -->", "xn--e1afmkfd", "%0A::error::x",
    "\uff20octocat", "<https://example.com>", "[x]: http://example.com", "javascript:alert(1)", "\ud83d\ude80".encode("utf-16", "surrogatepass").decode("utf-16"),
)  # fmt: skip
