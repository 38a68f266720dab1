"""Sphinx's settings for both languages; `website/build.py` adds the language."""

from importlib import metadata
from pathlib import Path

_TOP = Path(__file__).resolve().parents[1]

project = "Diabolo"
author = "The Diabolo developers"
project_copyright = author
version = release = metadata.version("diabolo")

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "website.sphinx_extension"]
myst_heading_anchors = 4  # links name headings as GitHub does
myst_enable_extensions = ["deflist"]
myst_links_external_new_tab = False
highlight_language = "text"
default_role = "code"
smartquotes = False  # they make a dash of the two hyphens of an option
suppress_warnings = ["myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
add_module_names = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "furo"
html_title = "Diabolo"
html_static_path = ["static"]
html_css_files = ["site.css"]
html_favicon = str(_TOP / "ui" / "icon.svg")
html_logo = str(_TOP / "ui" / "icon.svg")
html_copy_source = False
html_use_index = False
html_domain_indices = False
html_show_sphinx = False
html_math_renderer = "mathml"
templates_path = ["templates"]
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#0f766e", "color-brand-content": "#0f766e"},
    "dark_css_variables": {"color-brand-primary": "#5eead4", "color-brand-content": "#5eead4"},
}
