"""Gradio's sessions: which one a request belongs to, and how little memory each may take."""
