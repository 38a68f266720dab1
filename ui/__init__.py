"""What people touch: commands, the Gradio app and its tabs."""
