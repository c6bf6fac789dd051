"""The built-in operators: thin functions over `diffusion`, one module a topic. Discovery collects their specs."""
