"""What packs import of ComfyUI. compat.shims.finder loads each module here under its public name, never as part of compat."""
