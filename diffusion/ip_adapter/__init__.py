"""IP-Adapter: pictures as prompts of U-Nets, by attention to them beside that to words (Ye et al. 2023).

    adapter = load_ip_adapter(path)                                # diffusion.ip_adapter.load
    model = apply_ip_adapter(model, adapter, vision, image, How())  # diffusion.ip_adapter.apply

What an adapter makes of pictures are keys and values for each layer that attends to the prompt. They are the same at all
noise levels, so its network runs once, when it is applied; samplings need no weights of it.
"""
