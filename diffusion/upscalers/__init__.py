"""Networks that make pictures larger: their architectures, and which of them a file holds.

    upscaler = load_upscaler(path)
    larger = upscale(upscaler, image)  # (batch, height * 4, width * 4, 3)

An architecture is a module with a constant ARCHITECTURE. Most upscalers that people have are ESRGAN's kind. For all others
there is spandrel, which needs torchvision; Weft does without both.
"""
