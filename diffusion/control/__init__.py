"""Networks that steer another by a picture: ControlNets (Zhang et al. 2023) and T2I-Adapters (Mou et al. 2023).

    net = load_control_net(path)
    conditioning = apply_control(conditioning, net, image, strength=0.8)

A prompt carries a chain of them (`Cond.extras["control"]`); what they add to the network that they
steer is computed before each of its calls.
"""
