"""The documents as a site: from the Markdown, the commands, the docstrings and the error messages.

python -m website -o build/site

The texts stay where they are: README.md, docs/, course/labs/, examples/. What is here arranges them as pages,
makes the pages that are generated, and hands all of it to Sphinx, once for each language.
"""
